// The losses of rows of outputs, and their derivatives in place.

static void NAME(cross_entropy)(size_t rows, size_t classes, REAL weight, const uint8_t *mask, const int32_t *target,
                                REAL *y, ptrdiff_t ys, REAL *loss) {
  for (size_t i = 0; i < rows; i++, y += ys) {
    if (!mask[i]) {
      for (size_t j = 0; j < classes; j++) y[j] = 0;
      loss[i] = 0;
      continue;
    }
    V top = NAME(broadcast)(y[0]), sums = {0};
    FOR_EACH(classes) {
      V x = NAME(load)(y + j, left);
      top = NAME(larger)(NAME(first)(x, left, NAME(broadcast)(y[0])), top);
    }
    REAL most = NAME(maximum)(top);
    // l = log Σ e^(y - most) - (y_d - most)
    REAL chosen = y[target[i]] - most;
    FOR_EACH(classes) {
      V e = NAME(exp)(NAME(load)(y + j, left) - most);
      sums += NAME(first)(e, left, (V){0});
      NAME(store)(y + j, e, left);
    }
    REAL sum = NAME(sum)(sums);
    loss[i] = MATH(log)(sum) - chosen;
    // ∂l/∂y = softmax(y) - onehot(d)
    REAL scale = weight / sum;
    FOR_EACH(classes) NAME(store)(y + j, scale * NAME(load)(y + j, left), left);
    y[target[i]] -= weight;
  }
}

static void NAME(squared_error)(size_t rows, size_t columns, REAL weight, const uint8_t *mask, const REAL *target,
                                ptrdiff_t ts, REAL *y, ptrdiff_t ys, REAL *loss) {
  for (size_t i = 0; i < rows; i++, y += ys, target += ts) {
    V squares = {0};
    FOR_EACH(columns) {
      V error = {0};
      if (mask[i]) error = NAME(load)(y + j, left) - NAME(load)(target + j, left);
      squares += error * error;
      NAME(store)(y + j, weight * error, left);
    }
    loss[i] = NAME(sum)(squares) / 2;
  }
}
