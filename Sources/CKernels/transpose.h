// The transpose, in squares of vectors that change places in registers.

#undef LANE_COUNT
#undef LOWER
#undef UPPER
#undef PICK
#undef EXCHANGE
#if DOUBLE_PRECISION
#define LANE_COUNT (VECTOR_BYTES / 8)
#else
#define LANE_COUNT (VECTOR_BYTES / 4)
#endif

// Rows i and i + s exchange their off-diagonal blocks of s by s elements.
#define LOWER(lane, s) ((lane) & (s) ? LANE_COUNT + (lane) - (s) : (lane))
#define UPPER(lane, s) ((lane) & (s) ? LANE_COUNT + (lane) : (lane) + (s))
#if LANE_COUNT == 2
#define PICK(F, s) F(0, s), F(1, s)
#elif LANE_COUNT == 4
#define PICK(F, s) F(0, s), F(1, s), F(2, s), F(3, s)
#elif LANE_COUNT == 8
#define PICK(F, s) F(0, s), F(1, s), F(2, s), F(3, s), F(4, s), F(5, s), F(6, s), F(7, s)
#else
#define PICK(F, s)                                                                                                     \
  F(0, s), F(1, s), F(2, s), F(3, s), F(4, s), F(5, s), F(6, s), F(7, s), F(8, s), F(9, s), F(10, s), F(11, s),        \
      F(12, s), F(13, s), F(14, s), F(15, s)
#endif
#define EXCHANGE(s)                                                                                                    \
  _Pragma("clang loop unroll(full)") for (int i = 0; i < LANE_COUNT; i++) if (!(i & (s))) {                            \
    V lower = v[i], upper = v[i + (s)];                                                                                \
    v[i] = __builtin_shufflevector(lower, upper, PICK(LOWER, s));                                                      \
    v[i + (s)] = __builtin_shufflevector(lower, upper, PICK(UPPER, s));                                                \
  }

// y [columns, rows] = transpose of x [rows, columns].
static void NAME(transpose)(size_t rows, size_t columns, const REAL *x, ptrdiff_t xs, REAL *y, ptrdiff_t ys) {
  size_t full_rows = rows / LANES * LANES, full_columns = columns / LANES * LANES;
  for (size_t r = 0; r < full_rows; r += LANES)
    for (size_t c = 0; c < full_columns; c += LANES) {
      V v[LANE_COUNT];
#pragma clang loop unroll(full)
      for (int i = 0; i < LANE_COUNT; i++) v[i] = LOAD(x + (ptrdiff_t)(r + (size_t)i) * xs + c);
      EXCHANGE(1)
#if LANE_COUNT > 2
      EXCHANGE(2)
#endif
#if LANE_COUNT > 4
      EXCHANGE(4)
#endif
#if LANE_COUNT > 8
      EXCHANGE(8)
#endif
#pragma clang loop unroll(full)
      for (int i = 0; i < LANE_COUNT; i++) STORE(y + (ptrdiff_t)(c + (size_t)i) * ys + r, v[i]);
    }
  for (size_t r = 0; r < rows; r++)
    for (size_t c = r < full_rows ? full_columns : 0; c < columns; c++)
      y[(ptrdiff_t)c * ys + (ptrdiff_t)r] = x[(ptrdiff_t)r * xs + (ptrdiff_t)c];
}
