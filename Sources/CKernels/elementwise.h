// Element-wise kernels on rows. FOR_EACH runs its body for each vector of a row, j its first element and `left` the number
// of its elements: LANES, a constant, for all but the last.

#undef FOR_EACH
#define FOR_EACH(columns, ...)                                                                                         \
  do {                                                                                                                 \
    size_t j = 0;                                                                                                      \
    for (const size_t left = LANES; j + LANES <= (columns); j += LANES) __VA_ARGS__                                    \
    if (j < (columns)) {                                                                                               \
      const size_t left = (columns) - j;                                                                               \
      __VA_ARGS__                                                                                                      \
    }                                                                                                                  \
  } while (0)

INLINE bool NAME(activate_by)(const int function, size_t rows, size_t columns, const REAL *a, ptrdiff_t as, REAL *value,
                              ptrdiff_t vs, REAL *derivative, ptrdiff_t ds) {
  V poison = {0};  // becomes NaN once an a is infinite or NaN
  for (; rows; rows--, a += as, value += vs, derivative += ds)
    FOR_EACH(columns, {
      V x = NAME(load)(a + j, left), phi, slope;
      poison += x * 0;
      NAME(phi)(function, x, &phi, &slope);
      NAME(store)(value + j, phi, left);
      NAME(store)(derivative + j, slope, left);
    });
  return NAME(sum)(poison) == 0;
}

static bool NAME(activate)(int function, size_t rows, size_t columns, const REAL *a, ptrdiff_t as, REAL *value,
                           ptrdiff_t vs, REAL *derivative, ptrdiff_t ds) {
#undef ACTIVATE
#define ACTIVATE(f)                                                                                                    \
  case f: return NAME(activate_by)(f, rows, columns, a, as, value, vs, derivative, ds)
  switch (function) {
    ACTIVATE(BPT_TANH);
    ACTIVATE(BPT_SIGMOID);
    ACTIVATE(BPT_RELU);
    ACTIVATE(BPT_LEAKY_RELU);
    ACTIVATE(BPT_IDENTITY);
    ACTIVATE(BPT_SOFTSIGN);
    ACTIVATE(BPT_HARD_TANH);
    ACTIVATE(BPT_SIN);
  }
  return false;
}

static void NAME(scale_add)(size_t rows, size_t columns, REAL alpha, const REAL *x, ptrdiff_t xs, REAL beta, REAL *y,
                            ptrdiff_t ys) {
  for (; rows; rows--, x += xs, y += ys)
    FOR_EACH(columns, {
      V sum = alpha * NAME(load)(x + j, left);
      if (beta != 0) sum += beta * NAME(load)(y + j, left);
      NAME(store)(y + j, sum, left);
    });
}

static REAL NAME(multiply_elements)(size_t rows, size_t columns, REAL scale, const REAL *x, ptrdiff_t xs, const REAL *y,
                                    ptrdiff_t ys, REAL *z, ptrdiff_t zs) {
  V squares = {0};
  for (; rows; rows--, x += xs, y += ys, z += zs)
    FOR_EACH(columns, {
      V factor = NAME(load)(x + j, left);
      squares += factor * factor;
      NAME(store)(z + j, scale * factor * NAME(load)(y + j, left), left);
    });
  return NAME(sum)(squares);
}

static void NAME(add_column_sums)(size_t rows, size_t columns, const REAL *x, ptrdiff_t xs, REAL *sums) {
  // Four vectors of columns at a time stay in registers; the sums are in the order of the rows.
  size_t j = 0;
  for (; j + 4 * LANES <= columns; j += 4 * LANES) {
    V sum[4];
    for (int v = 0; v < 4; v++) sum[v] = LOAD(sums + j + v * LANES);
    for (size_t i = 0; i < rows; i++)
      for (int v = 0; v < 4; v++) sum[v] += LOAD(x + (ptrdiff_t)i * xs + j + v * LANES);
    for (int v = 0; v < 4; v++) STORE(sums + j + v * LANES, sum[v]);
  }
  for (; j < columns; j += LANES) {
    V sum = NAME(load)(sums + j, columns - j);
    for (size_t i = 0; i < rows; i++) sum += NAME(load)(x + (ptrdiff_t)i * xs + j, columns - j);
    NAME(store)(sums + j, sum, columns - j);
  }
}

static void NAME(gather_rows)(size_t rows, size_t columns, const REAL *table, ptrdiff_t ts, const int32_t *index,
                              REAL *y, ptrdiff_t ys) {
  for (; rows; rows--, index++, y += ys)
    FOR_EACH(columns, { NAME(store)(y + j, NAME(load)(table + *index * ts + j, left), left); });
}

static void NAME(scatter_add_rows)(size_t rows, size_t columns, const REAL *x, ptrdiff_t xs, const int32_t *index,
                                   REAL *table, ptrdiff_t ts) {
  for (; rows; rows--, index++, x += xs) {
    REAL *row = table + *index * ts;
    FOR_EACH(columns, { NAME(store)(row + j, NAME(load)(row + j, left) + NAME(load)(x + j, left), left); });
  }
}

static double NAME(sum_of_squares)(size_t count, const REAL *x) {
  double sums[16] = {0};
  size_t i = 0;
  for (; i + 16 <= count; i += 16)
    for (int l = 0; l < 16; l++) sums[l] += (double)x[i + l] * (double)x[i + l];
  for (int l = 0; i < count; i++, l++) sums[l] += (double)x[i] * (double)x[i];
  double sum = 0;
  for (int l = 0; l < 16; l++) sum += sums[l];
  return sum;
}
