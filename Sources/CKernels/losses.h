// The losses of rows of outputs, and their derivatives in place.

// y becomes weight · (softmax(y) - onehot(d)) = weight · ∂l/∂y; l = log(1 + rest) - chosen. Where the class is likely,
// p_d - 1 = -Σ of the others' p and l = log(1 + Σ/p_d), which keep their digits where p_d is 1 to all of its own.
INLINE void NAME(softmax)(size_t classes, REAL weight, int32_t target, REAL *y, REAL *rest, REAL *chosen) {
  V top = NAME(broadcast)(y[0]), sums = {0}, others = {0};
  FOR_EACH(classes, { top = NAME(larger)(NAME(first)(NAME(load)(y + j, left), left, NAME(broadcast)(y[0])), top); });
  REAL most = NAME(maximum)(top);
  *chosen = y[target] - most;
  FOR_EACH(classes, {
    V e = NAME(exp)(NAME(load)(y + j, left) - most);
    sums += NAME(first)(e, left, (V){0});
    NAME(store)(y + j, e, left);
  });
  REAL sum = NAME(sum)(sums), own = y[target], scale = weight / sum;
  y[target] = 0;
  FOR_EACH(classes, {
    V e = NAME(load)(y + j, left);
    others += NAME(first)(e, left, (V){0});
    NAME(store)(y + j, scale * e, left);
  });
  REAL other = NAME(sum)(others);
  y[target] = -scale * other;
  *rest = sum - 1;
  if (other < own) *rest = other / own, *chosen = 0;
}

// log(1 + x), x >= 0 (Kahan): the rounding of 1 + x is in the logarithm and in the divisor alike.
INLINE V NAME(log_one_more)(V x) {
  V more = 1 + x, rounded = more - 1;
  return SELECT(rounded == 0, x, NAME(log)(more) * (x / SELECT(rounded == 0, NAME(broadcast)(1), rounded)));
}

static void NAME(cross_entropy)(size_t rows, size_t classes, REAL weight, const uint8_t *mask, const int32_t *target,
                                REAL *y, ptrdiff_t ys, REAL *loss) {
  // By 64 rows, so that their logarithms are taken in vectors.
  for (size_t first = 0; first < rows; first += 64) {
    size_t count = rows - first < 64 ? rows - first : 64;
    REAL rest[64], chosen[64];
    for (size_t i = 0; i < count; i++) {
      rest[i] = 0, chosen[i] = 0;
      if (mask[first + i])
        NAME(softmax)(classes, weight, target[first + i], y + (ptrdiff_t)(first + i) * ys, rest + i, chosen + i);
      else
        for (size_t j = 0; j < classes; j++) y[(ptrdiff_t)(first + i) * ys + (ptrdiff_t)j] = 0;
    }
    FOR_EACH(count, {
      V l = NAME(log_one_more)(NAME(load)(rest + j, left)) - NAME(load)(chosen + j, left);
      NAME(store)(loss + first + j, l, left);
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
