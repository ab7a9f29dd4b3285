"""scikit-learn: its BernoulliRBM learns by PCD-1."""
from sklearn.neural_network import BernoulliRBM

import work


def rbm(s):
    X = work.images(s.images)
    rbm = BernoulliRBM(n_components=s.M, batch_size=s.batch, learning_rate=s.rate, n_iter=1, random_state=0)

    def run(n):
        # partial_fit makes one update, as fit does for each of its batches.
        for k in range(n):
            first = k * s.batch % (len(X) - s.batch + 1)
            rbm.partial_fit(X[first : first + s.batch])
        return dict(site_updates=n * s.batch * sum(rbm.components_.shape),
                    parameter_gradient_evaluations=n * (s.batch + len(rbm.h_samples_)))

    return run, lambda: work.reconstruction(vars(s), rbm.components_.T, rbm.intercept_visible_, rbm.intercept_hidden_)
