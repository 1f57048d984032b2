// Rows of attention weights and layer normalization, with the way back of each.

// Row i becomes softmax(scale · row) over its first `visible + i` elements, at most `columns`; the elements after those are 0.
static void NAME(softmax_rows)(size_t rows, size_t columns, size_t visible, REAL scale, REAL *y, ptrdiff_t ys) {
  for (size_t i = 0; i < rows; i++, y += ys) {
    size_t seen = visible + i < columns ? visible + i : columns;
    V top = NAME(broadcast)(y[0]), sums = {0};
    FOR_EACH(seen, { top = NAME(larger)(NAME(first)(NAME(load)(y + j, left), left, NAME(broadcast)(y[0])), top); });
    REAL most = NAME(maximum)(top);
    FOR_EACH(seen, {
      V e = NAME(exp)(scale * (NAME(load)(y + j, left) - most));
      sums += NAME(first)(e, left, (V){0});
      NAME(store)(y + j, e, left);
    });
    REAL share = 1 / NAME(sum)(sums);
    FOR_EACH(seen, { NAME(store)(y + j, share * NAME(load)(y + j, left), left); });
    for (size_t j = seen; j < columns; j++) y[j] = 0;
  }
}

// g, ∂L/∂α, becomes ∂L/∂score = scale · α ⊙ (g - Σ α g), row by row; 0 where the row sees nothing.
static void NAME(softmax_rows_backward)(size_t rows, size_t columns, size_t visible, REAL scale, const REAL *alpha,
                                        ptrdiff_t as, REAL *g, ptrdiff_t gs) {
  for (size_t i = 0; i < rows; i++, alpha += as, g += gs) {
    size_t seen = visible + i < columns ? visible + i : columns;
    V sums = {0};
    FOR_EACH(seen, { sums += NAME(load)(alpha + j, left) * NAME(load)(g + j, left); });
    REAL mean = NAME(sum)(sums);
    FOR_EACH(seen, {
      NAME(store)(g + j, scale * NAME(load)(alpha + j, left) * (NAME(load)(g + j, left) - mean), left);
    });
    for (size_t j = seen; j < columns; j++) g[j] = 0;
  }
}

// n = (x - mean)/√(variance + ε) and y = gain ⊙ n + shift, row by row; inverse_i = 1/√(variance + ε). y may be x.
static void NAME(norm_rows)(size_t rows, size_t columns, const REAL *x, ptrdiff_t xs, const REAL *gain,
                            const REAL *shift, REAL *n, ptrdiff_t ns, REAL *inverse, REAL *y, ptrdiff_t ys) {
  for (size_t i = 0; i < rows; i++, x += xs, n += ns, y += ys) {
    V sums = {0}, squares = {0};
    FOR_EACH(columns, { sums += NAME(load)(x + j, left); });
    REAL mean = NAME(sum)(sums) / (REAL)columns;
    FOR_EACH(columns, {
      V d = NAME(first)(NAME(load)(x + j, left) - mean, left, (V){0});
      squares += d * d;
    });
    REAL scale = 1 / MATH(sqrt)(NAME(sum)(squares) / (REAL)columns + (REAL)1e-5);
    inverse[i] = scale;
    FOR_EACH(columns, {
      V normal = scale * (NAME(load)(x + j, left) - mean);
      NAME(store)(n + j, normal, left);
      NAME(store)(y + j, NAME(load)(gain + j, left) * normal + NAME(load)(shift + j, left), left);
    });
  }
}

// With g = gain ⊙ ∂L/∂y: ∂L/∂x = inverse (g - mean g - n mean(g ⊙ n)), added to dx or put there; the gradients of gain and
// shift are added, where asked for. Strides of 0 for n and inverse take one row for all.
static void NAME(norm_rows_backward)(size_t rows, size_t columns, const REAL *n, ptrdiff_t ns, const REAL *inverse,
                                     ptrdiff_t is, const REAL *gain, const REAL *dy, ptrdiff_t dys, REAL *dx,
                                     ptrdiff_t dxs, bool accumulate, REAL *dgain, REAL *dshift) {
  for (size_t i = 0; i < rows; i++, n += ns, inverse += is, dy += dys, dx += dxs) {
    V sums = {0}, along = {0};
    FOR_EACH(columns, {
      V out = NAME(load)(dy + j, left), normal = NAME(load)(n + j, left), g = NAME(load)(gain + j, left) * out;
      sums += g;
      along += g * normal;
      if (dgain) {
        NAME(store)(dgain + j, NAME(load)(dgain + j, left) + out * normal, left);
        NAME(store)(dshift + j, NAME(load)(dshift + j, left) + out, left);
      }
    });
    REAL mean = NAME(sum)(sums) / (REAL)columns, slope = NAME(sum)(along) / (REAL)columns, scale = *inverse;
    FOR_EACH(columns, {
      V g = NAME(load)(gain + j, left) * NAME(load)(dy + j, left);
      V d = scale * (g - mean - NAME(load)(n + j, left) * slope);
      if (accumulate) d += NAME(load)(dx + j, left);
      NAME(store)(dx + j, d, left);
    });
  }
}
