// Matrix products in register tiles. B is read in panels of PANEL columns (128 bytes): packed, a panel's rows follow one
// another; unpacked, they are a row stride apart. Every element of C is one chain of multiply-adds over k in order,
// starting at `start` (a row stride of srs; NULL for 0): it does not depend on the tile in which it lies.

#undef PANEL
#undef PANEL_VECTORS
#define PANEL ((size_t)(128 / sizeof(REAL)))
#define PANEL_VECTORS (128 / VECTOR_BYTES)

static void NAME(pack)(size_t k, size_t n, const REAL *b, ptrdiff_t rs, ptrdiff_t cs, REAL *packed) {
  for (size_t j = 0; j < n; j += PANEL, packed += k * PANEL) {
    size_t columns = n - j < PANEL ? n - j : PANEL;
    if (columns < PANEL)
      for (size_t i = 0; i < k * PANEL; i++) packed[i] = 0;
    const REAL *panel = b + (ptrdiff_t)j * cs;
    if (rs == 1) {
      NAME(transpose)(columns, k, panel, cs, packed, (ptrdiff_t)PANEL);
      continue;
    }
    for (size_t i = 0; i < k; i++)
      for (size_t c = 0; c < columns; c += cs == 1 ? LANES : 1) {
        const REAL *p = panel + (ptrdiff_t)i * rs + (ptrdiff_t)c * cs;
        if (cs == 1)
          NAME(store)(packed + i * PANEL + c, NAME(load)(p, columns - c), columns - c);
        else
          packed[i * PANEL + c] = *p;
      }
  }
}

// A tile of `rows` rows and `vectors` vectors of columns, over all of k. `tail` (a constant 0, or a count < LANES) is
// the number of columns in the last vector. B's panels are `panel_step` apart.
INLINE void NAME(tile)(size_t k, const REAL *a, ptrdiff_t ars, ptrdiff_t acs, const REAL *b, size_t panel_step,
                       ptrdiff_t brs, const REAL *start, ptrdiff_t srs, REAL *c, ptrdiff_t crs, bool packed, const int rows,
                       const int vectors, size_t tail) {
  V sum[8][8];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      const REAL *p = start + i * srs + v * (ptrdiff_t)LANES;
      sum[i][v] = !start ? (V){0} : tail && v == vectors - 1 ? NAME(load_some)(p, tail) : LOAD(p);
    }
  for (size_t l = 0; l < k; l++, a += acs, b += brs) {
    V right[8];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      const REAL *p = b + (size_t)(v / PANEL_VECTORS) * panel_step + (size_t)(v % PANEL_VECTORS) * LANES;
      right[v] = tail && !packed && v == vectors - 1 ? NAME(load_some)(p, tail) : LOAD(p);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      V left = NAME(broadcast)(a[i * ars]);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) sum[i][v] += left * right[v];
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      REAL *p = c + i * crs + v * (ptrdiff_t)LANES;
      if (tail && v == vectors - 1)
        NAME(store_some)(p, sum[i][v], tail);
      else
        STORE(p, sum[i][v]);
    }
}

#undef TILE
#define TILE(rows, vectors)                                                                                            \
  NAME(tile)(k, a + (ptrdiff_t)i * ars, ars, acs, b, panel_step, brs, start ? start + (ptrdiff_t)i * srs : NULL, srs, \
             c + (ptrdiff_t)i * crs, crs, packed, rows, vectors, tail)

// One panel's columns, all rows.
INLINE void NAME(panel)(size_t m, size_t k, const REAL *a, ptrdiff_t ars, ptrdiff_t acs, const REAL *b,
                        size_t panel_step, ptrdiff_t brs, const REAL *start, ptrdiff_t srs, REAL *c, ptrdiff_t crs,
                        bool packed, const int vectors, size_t tail) {
  size_t i = 0;
  for (; i + TILE_ROWS <= m; i += TILE_ROWS) TILE(TILE_ROWS, vectors);
#if TILE_ROWS > 4
  if (i + 4 <= m) {
    TILE(4, vectors);
    i += 4;
  }
#endif
#if TILE_ROWS > 2
  if (i + 2 <= m) {
    TILE(2, vectors);
    i += 2;
  }
#endif
  if (i < m) TILE(1, vectors);
}

// Few rows: several panels side by side, to have enough independent sums.
#undef NEXT
#undef WIDE
#define NEXT(b_step, columns) (b += (b_step), c += (columns), start = start ? start + (columns) : NULL)
#define WIDE(rows, panels)                                                                                             \
  for (; n - j >= panels * PANEL; j += panels * PANEL, NEXT(panels * panel_step, panels * PANEL))                      \
  TILE(rows, panels *PANEL_VECTORS)

INLINE void NAME(product)(size_t m, size_t n, size_t k, const REAL *a, ptrdiff_t ars, ptrdiff_t acs, const REAL *b,
                          size_t panel_step, ptrdiff_t brs, const REAL *start, ptrdiff_t srs, REAL *c, ptrdiff_t crs,
                          bool packed) {
  size_t j = 0;
  {
    const size_t i = 0, tail = 0;
    (void)i, (void)tail;
#if VECTOR_BYTES == 64
    if (m == 1) {
      WIDE(1, 4);
      WIDE(1, 2);
    } else if (m == 2) {
      WIDE(2, 4);
      WIDE(2, 2);
    } else if (m == 3) {
      WIDE(3, 2);
    }
#elif VECTOR_BYTES == 32
    if (m == 1) WIDE(1, 2);
#endif
  }
#undef COLUMNS
#define COLUMNS(vectors, tail)                                                                                         \
  NAME(panel)(m, k, a, ars, acs, b, panel_step, brs, start, srs, c, crs, packed, vectors, tail)
  // Two vectors of columns at a time: a whole panel where vectors are 64 bytes, a part of it where they are shorter.
  for (; n - j >= PANEL; j += PANEL, b += panel_step - PANEL)
    for (size_t v = 0; v < PANEL; v += 2 * LANES, NEXT(2 * LANES, 2 * LANES)) COLUMNS(2, 0);
  size_t full = (n - j) / LANES * LANES, tail = n - j - full;
  for (; full >= 2 * LANES; full -= 2 * LANES, NEXT(2 * LANES, 2 * LANES)) COLUMNS(2, 0);
  for (; full >= LANES; full -= LANES, NEXT(LANES, LANES)) COLUMNS(1, 0);
  if (tail) COLUMNS(1, tail);
}

// C = start + A B.
static void NAME(multiply_packed_from)(size_t m, size_t n, size_t k, const REAL *a, ptrdiff_t ars, ptrdiff_t acs,
                                       const REAL *b, const REAL *start, ptrdiff_t srs, REAL *c, ptrdiff_t crs) {
  NAME(product)(m, n, k, a, ars, acs, b, k * PANEL, (ptrdiff_t)PANEL, start, srs, c, crs, true);
}

static void NAME(multiply_packed)(size_t m, size_t n, size_t k, const REAL *a, ptrdiff_t ars, ptrdiff_t acs,
                                  const REAL *b, REAL *c, ptrdiff_t crs, bool accumulate) {
  NAME(multiply_packed_from)(m, n, k, a, ars, acs, b, accumulate ? c : NULL, crs, c, crs);
}

static void NAME(multiply)(size_t m, size_t n, size_t k, const REAL *a, ptrdiff_t ars, ptrdiff_t acs, const REAL *b,
                           ptrdiff_t brs, REAL *c, ptrdiff_t crs, bool accumulate) {
  NAME(product)(m, n, k, a, ars, acs, b, PANEL, brs, accumulate ? c : NULL, crs, c, crs, false);
}
