// The room of Experiments.
