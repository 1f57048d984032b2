// Vectors of VECTOR_BYTES bytes of REALs, and of integers as wide; partial loads and stores.

typedef REAL NAME(vector) __attribute__((vector_size(VECTOR_BYTES)));
typedef INTEGER NAME(integers) __attribute__((vector_size(VECTOR_BYTES)));
typedef REAL NAME(unaligned) __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(REAL))));

#undef V
#undef I
#undef LANES
#undef LOAD
#undef STORE
#undef SELECT
#undef INLINE
#define V NAME(vector)
#define I NAME(integers)
#define LANES ((size_t)(VECTOR_BYTES / sizeof(REAL)))
#define LOAD(p) (*(const NAME(unaligned) *)(p))
#define STORE(p, v) (*(NAME(unaligned) *)(p) = (v))
#define INLINE static inline __attribute__((always_inline))
// `yes` where the integers of `mask` are -1, `no` where they are 0.
#define SELECT(mask, yes, no) ((V)(((I)(yes) & (mask)) | ((I)(no) & ~(mask))))

INLINE V NAME(broadcast)(REAL x) { return x - (V){0}; }

// The first `count` < LANES elements, 0 after them.
INLINE V NAME(load_some)(const REAL *p, size_t count) {
#if VECTOR_BYTES == 64 && DOUBLE_PRECISION
  return (V)_mm512_maskz_loadu_pd((__mmask8)((1u << count) - 1), p);
#elif VECTOR_BYTES == 64
  return (V)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
#else
  V v = {0};
  for (size_t i = 0; i < LANES; i++)
    if (i < count) v[i] = p[i];
  return v;
#endif
}

INLINE void NAME(store_some)(REAL *p, V v, size_t count) {
#if VECTOR_BYTES == 64 && DOUBLE_PRECISION
  _mm512_mask_storeu_pd(p, (__mmask8)((1u << count) - 1), (__m512d)v);
#elif VECTOR_BYTES == 64
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), (__m512)v);
#else
  for (size_t i = 0; i < LANES; i++)
    if (i < count) p[i] = v[i];
#endif
}

INLINE V NAME(load)(const REAL *p, size_t count) { return count >= LANES ? LOAD(p) : NAME(load_some)(p, count); }

INLINE void NAME(store)(REAL *p, V v, size_t count) {
  if (count >= LANES)
    STORE(p, v);
  else
    NAME(store_some)(p, v, count);
}

// The first `count` elements of v, those of `rest` after them.
INLINE V NAME(first)(V v, size_t count, V rest) {
  if (count >= LANES) return v;
  I lane;
  for (size_t i = 0; i < LANES; i++) lane[i] = (INTEGER)i;
  return SELECT(lane < (INTEGER)count, v, rest);
}

// The vector with its halves, or the halves of its halves, in each other's place.
#undef HALVES
#undef QUARTERS
#if VECTOR_BYTES == 32 && DOUBLE_PRECISION
#define HALVES(v) __builtin_shufflevector(v, v, 2, 3, 0, 1)
#elif VECTOR_BYTES == 32
#define HALVES(v) __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3)
#define QUARTERS(v) __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5)
#elif VECTOR_BYTES == 16 && !DOUBLE_PRECISION
#define HALVES(v) __builtin_shufflevector(v, v, 2, 3, 0, 1)
#endif

INLINE REAL NAME(sum)(V v) {
#if VECTOR_BYTES == 64 && DOUBLE_PRECISION
  return _mm512_reduce_add_pd((__m512d)v);
#elif VECTOR_BYTES == 64
  return _mm512_reduce_add_ps((__m512)v);
#else
#ifdef HALVES
  v += HALVES(v);
#endif
#ifdef QUARTERS
  v += QUARTERS(v);
#endif
  return v[0] + v[1];
#endif
}

INLINE V NAME(larger)(V x, V y) { return SELECT(x > y, x, y); }

INLINE REAL NAME(maximum)(V v) {
#if VECTOR_BYTES == 64 && DOUBLE_PRECISION
  return _mm512_reduce_max_pd((__m512d)v);
#elif VECTOR_BYTES == 64
  return _mm512_reduce_max_ps((__m512)v);
#else
#ifdef HALVES
  v = NAME(larger)(v, HALVES(v));
#endif
#ifdef QUARTERS
  v = NAME(larger)(v, QUARTERS(v));
#endif
  return v[1] > v[0] ? v[1] : v[0];
#endif
}

// Whether any of the integers, each 0 or -1, is -1.
INLINE bool NAME(any)(I mask) {
#if VECTOR_BYTES == 64 && DOUBLE_PRECISION
  return _mm512_movepi64_mask((__m512i)mask) != 0;
#elif VECTOR_BYTES == 64
  return _mm512_movepi32_mask((__m512i)mask) != 0;
#elif VECTOR_BYTES == 32
  return _mm256_movemask_epi8((__m256i)mask) != 0;
#else
  bool any = false;
  for (size_t i = 0; i < LANES; i++) any |= mask[i] != 0;
  return any;
#endif
}
