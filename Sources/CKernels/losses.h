// The losses of rows of outputs, and their derivatives in place.

// y becomes weight · (softmax(y) - onehot(d)) = weight · ∂l/∂y; sum is Σ e^(y - max y), chosen y_d - max y.
INLINE void NAME(softmax)(size_t classes, REAL weight, int32_t target, REAL *y, REAL *sum, REAL *chosen) {
  V top = NAME(broadcast)(y[0]), sums = {0};
  FOR_EACH(classes, { top = NAME(larger)(NAME(first)(NAME(load)(y + j, left), left, NAME(broadcast)(y[0])), top); });
  REAL most = NAME(maximum)(top);
  *chosen = y[target] - most;
  FOR_EACH(classes, {
    V e = NAME(exp)(NAME(load)(y + j, left) - most);
    sums += NAME(first)(e, left, (V){0});
    NAME(store)(y + j, e, left);
  });
  *sum = NAME(sum)(sums);
  REAL scale = weight / *sum;
  FOR_EACH(classes, { NAME(store)(y + j, scale * NAME(load)(y + j, left), left); });
  y[target] -= weight;
}

static void NAME(cross_entropy)(size_t rows, size_t classes, REAL weight, const uint8_t *mask, const int32_t *target,
                                REAL *y, ptrdiff_t ys, REAL *loss) {
  // By 64 rows, so that their logarithms are taken in vectors.
  for (size_t first = 0; first < rows; first += 64) {
    size_t count = rows - first < 64 ? rows - first : 64;
    REAL sums[64], chosen[64];
    for (size_t i = 0; i < count; i++) {
      sums[i] = 1, chosen[i] = 0;
      if (mask[first + i])
        NAME(softmax)(classes, weight, target[first + i], y + (ptrdiff_t)(first + i) * ys, sums + i, chosen + i);
      else
        for (size_t j = 0; j < classes; j++) y[(ptrdiff_t)(first + i) * ys + (ptrdiff_t)j] = 0;
    }
    // l = log Σ e^(y - max y) - (y_d - max y)
    FOR_EACH(count, {
      NAME(store)(loss + first + j, NAME(log)(NAME(load)(sums + j, left)) - NAME(load)(chosen + j, left), left);
    });
  }
}

static void NAME(squared_error)(size_t rows, size_t columns, REAL weight, const uint8_t *mask, const REAL *target,
                                ptrdiff_t ts, REAL *y, ptrdiff_t ys, REAL *loss) {
  for (size_t i = 0; i < rows; i++, y += ys, target += ts) {
    V squares = {0};
    FOR_EACH(columns, {
      V error = {0};
      if (mask[i]) error = NAME(load)(y + j, left) - NAME(load)(target + j, left);
      squares += error * error;
      NAME(store)(y + j, weight * error, left);
    });
    loss[i] = NAME(sum)(squares) / 2;
  }
}
