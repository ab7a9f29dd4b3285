namespace gibbsite { int x_; }
