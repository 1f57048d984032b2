// The room of GradientFlow.
