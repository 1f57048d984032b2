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
  // The address of a row is that of every third row and no, one or two strides. The compiler is kept from deriving these
  // from one another, which would make a chain of additions as long as the multiplications take.
  const REAL *third[3] = {a, a + 3 * ars, a + 6 * ars};
  for (int i = 1; i < 3; i++) __asm__("" : "+r"(third[i]));
  for (size_t l = 0; l < k; l++, third[0] += acs, third[1] += acs, third[2] += acs, b += brs) {
    V right[8];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      const REAL *p = b + (size_t)(v / PANEL_VECTORS) * panel_step + (size_t)(v % PANEL_VECTORS) * LANES;
      right[v] = tail && !packed && v == vectors - 1 ? NAME(load_some)(p, tail) : LOAD(p);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      V left = NAME(broadcast)(third[i / 3][i % 3 * ars]);
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

// Moves on to the columns after these.
#undef NEXT
#define NEXT(b_step, columns) (b += (b_step), c += (columns), start = start ? start + (columns) : NULL)
#undef TILES
#define TILES(vectors, tail)                                                                                           \
  for (size_t i = 0; i < m; i += (size_t)rows)                                                                         \
  NAME(tile)(k, a + (ptrdiff_t)i * ars, ars, acs, b, panel_step, brs, start ? start + (ptrdiff_t)i * srs : NULL, srs, \
             c + (ptrdiff_t)i * crs, crs, packed, rows, vectors, tail)

// All columns of m rows, a multiple of `rows`, in tiles of `rows` rows. Low tiles are `panels` panels wide, so that there
// are enough independent sums to keep the multipliers busy; with `panels` 0 a tile is two vectors wide.
INLINE void NAME(bands)(size_t m, size_t n, size_t k, const REAL *a, ptrdiff_t ars, ptrdiff_t acs, const REAL *b,
                        size_t panel_step, ptrdiff_t brs, const REAL *start, ptrdiff_t srs, REAL *c, ptrdiff_t crs,
                        bool packed, const int rows, const int panels) {
  if (panels > 0)
    for (; n >= (size_t)panels * PANEL; n -= (size_t)panels * PANEL, NEXT((size_t)panels * panel_step, (size_t)panels * PANEL))
      TILES(panels * PANEL_VECTORS, 0);
  // Two vectors of columns at a time: a whole panel where vectors are 64 bytes, a part of it where they are shorter.
  for (; n >= PANEL; n -= PANEL, b += panel_step - PANEL)
    for (size_t v = 0; v < PANEL; v += 2 * LANES, NEXT(2 * LANES, 2 * LANES)) TILES(2, 0);
  for (; n >= 2 * LANES; n -= 2 * LANES, NEXT(2 * LANES, 2 * LANES)) TILES(2, 0);
  if (n >= LANES) {
    TILES(1, 0);
    n -= LANES, NEXT(LANES, LANES);
  }
  if (n) TILES(1, n);
}

INLINE void NAME(product)(size_t m, size_t n, size_t k, const REAL *a, ptrdiff_t ars, ptrdiff_t acs, const REAL *b,
                          size_t panel_step, ptrdiff_t brs, const REAL *start, ptrdiff_t srs, REAL *c, ptrdiff_t crs,
                          bool packed) {
#undef BANDS
#define BANDS(count, columns, rows, panels)                                                                            \
  NAME(bands)(count, columns, k, a, ars, acs, b, panel_step, brs, start, srs, c, crs, packed, rows, panels)
  // Few rows: as many panels side by side as there are registers for.
  if (m < TILE_ROWS) {
    switch (m) {
#if VECTOR_BYTES == 64
    case 7: BANDS(7, n, 7, 0); break;
    case 6: BANDS(6, n, 6, 0); break;
    case 5: BANDS(5, n, 5, 0); break;
    case 4: BANDS(4, n, 4, 2); break;
    case 3: BANDS(3, n, 3, 2); break;
    case 2: BANDS(2, n, 2, 4); break;
    case 1: BANDS(1, n, 1, 4); break;
#elif VECTOR_BYTES == 32
    case 5: BANDS(5, n, 5, 0); break;
    case 4: BANDS(4, n, 4, 0); break;
    case 3: BANDS(3, n, 3, 1); break;
    case 2: BANDS(2, n, 2, 1); break;
    case 1: BANDS(1, n, 1, 2); break;
#else
    case 3: BANDS(3, n, 3, 0); break;
    case 2: BANDS(2, n, 2, 0); break;
    case 1: BANDS(1, n, 1, 1); break;
#endif
    }
    return;
  }
  // A panel at a time, so that it is still in the nearest cache for the rows that no full tile takes.
  size_t full = m / TILE_ROWS * TILE_ROWS, rest = m - full;
  for (size_t columns; n > 0; n -= columns) {
    columns = n < PANEL ? n : PANEL;
    BANDS(full, columns, TILE_ROWS, 0);
    a += (ptrdiff_t)full * ars, c += (ptrdiff_t)full * crs, start = start ? start + (ptrdiff_t)full * srs : NULL;
    switch (rest) {
#if TILE_ROWS > 6
    case 7: BANDS(7, columns, 7, 0); break;
    case 6: BANDS(6, columns, 6, 0); break;
#endif
#if TILE_ROWS > 4
    case 5: BANDS(5, columns, 5, 0); break;
    case 4: BANDS(4, columns, 4, 0); break;
#endif
    case 3: BANDS(3, columns, 3, VECTOR_BYTES == 32); break;
    case 2: BANDS(2, columns, 2, VECTOR_BYTES == 32); break;
    case 1: BANDS(1, columns, 1, VECTOR_BYTES < 64); break;
    }
    a -= (ptrdiff_t)full * ars, c -= (ptrdiff_t)full * crs, start = start ? start - (ptrdiff_t)full * srs : NULL;
    NEXT(panel_step, columns);
  }
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

// As many independent chains as keep every multiplier busy, from registers alone: what the processor can do at most.
// Returns the number of multiplications and additions.
static size_t NAME(multiply_adds)(size_t repeats) {
  enum { CHAINS = 12 };
  V sum[CHAINS], factor = NAME(broadcast)((REAL)0.5);
  // From 2 on: a chain that began at its fixed point, 1, would be left out, and count all the same.
  for (int i = 0; i < CHAINS; i++) sum[i] = NAME(broadcast)((REAL)(i + 2));
  // x ← x/2 + 1/2
  for (size_t r = 0; r < repeats; r++)
#pragma clang loop unroll(full)
    for (int i = 0; i < CHAINS; i++) sum[i] = sum[i] * factor + factor;
  V all = sum[0];
  for (int i = 1; i < CHAINS; i++) all += sum[i];
  volatile REAL kept = NAME(sum)(all);  // so that the loop is not left out
  (void)kept;
  return 2 * CHAINS * LANES * repeats;
}
