namespace gibbsite { int y_; }
