// The optimizers' step: one recurrence, with the moments that an optimizer has.

// √x but for the last place. In double precision, where it pays, it is computed by multiplications beside the division
// that follows: the processor has one unit for roots and quotients, and they would wait for each other.
INLINE V NAME(root)(V x) {
#if DOUBLE_PRECISION && VECTOR_BYTES == 64
  // y ≈ 1/√x to 14 bits, then y ← y (3 - x y²)/2 (Newton): to 27
  V y = (V)_mm512_rsqrt14_pd((__m512d)x), half = 0.5 * x;
  y *= 1.5 - (half * y) * y;
  // √x = s + (x - s²) y/2, s = x y
  V s = x * y;
  s += (x - s * s) * (0.5 * y);
  // 0, ∞ and what is so small that its square root's digits are lost in the squares
  __mmask8 far = _mm512_cmp_pd_mask((__m512d)x, _mm512_set1_pd(0x1p-1000), _CMP_NGE_UQ) |
                 _mm512_cmp_pd_mask((__m512d)x, _mm512_set1_pd(0x1p1000), _CMP_NLE_UQ);
  if (__builtin_expect(far != 0, 0)) return (V)_mm512_mask_sqrt_pd((__m512d)s, far, (__m512d)x);
  return s;
#elif DOUBLE_PRECISION && VECTOR_BYTES == 32
  // y ≈ 1/√x to 11 bits in single precision, then Newton twice: to 44
  V y = (V)_mm256_cvtps_pd(_mm_rsqrt_ps(_mm256_cvtpd_ps((__m256d)x))), half = 0.5 * x;
  y *= 1.5 - (half * y) * y;
  y *= 1.5 - (half * y) * y;
  // √x = s + (x - s²) y/2, s = x y
  V s = x * y;
  s += (x - s * s) * (0.5 * y);
  // 0, ∞ and what single precision does not hold
  __m256d far = _mm256_or_pd(_mm256_cmp_pd((__m256d)x, _mm256_set1_pd(0x1p-120), _CMP_NGE_UQ),
                             _mm256_cmp_pd((__m256d)x, _mm256_set1_pd(0x1p120), _CMP_NLE_UQ));
  if (__builtin_expect(_mm256_movemask_pd(far) != 0, 0))
    return (V)_mm256_blendv_pd((__m256d)s, _mm256_sqrt_pd((__m256d)x), far);
  return s;
#else
  return __builtin_elementwise_sqrt(x);
#endif
}

INLINE void NAME(moment_step_by)(const bool has_first, const bool has_second, size_t count,
                                 const struct bpt_moment_step *step, const REAL *gradient, REAL *w, REAL *m, REAL *v) {
  const REAL scale = (REAL)step->scale, rate = (REAL)step->rate, l2 = (REAL)step->l2, keep = (REAL)step->keep;
  const REAL first_keep = (REAL)step->first_keep, first_add = (REAL)step->first_add;
  const REAL second_keep = (REAL)step->second_keep, second_add = (REAL)step->second_add;
  const REAL by_gradient = (REAL)step->by_gradient, by_first = (REAL)step->by_first;
  const REAL root = (REAL)step->root, epsilon = (REAL)step->epsilon;
  FOR_EACH(count, {
    V x = NAME(load)(w + j, left);
    V g = scale * NAME(load)(gradient + j, left) + l2 * x;
    V direction = by_gradient * g;
    if (has_first) {
      V first = first_keep * NAME(load)(m + j, left) + first_add * g;
      NAME(store)(m + j, first, left);
      direction += by_first * first;
    }
    if (has_second) {
      V second = second_keep * NAME(load)(v + j, left) + second_add * g * g;
      NAME(store)(v + j, second, left);
      direction /= NAME(root)(second) * root + epsilon;
    }
    NAME(store)(w + j, keep * x - rate * direction, left);
  });
}

static void NAME(moment_step)(size_t count, const struct bpt_moment_step *step, const REAL *g, REAL *w, REAL *m,
                              REAL *v) {
  if (m && v)
    NAME(moment_step_by)(true, true, count, step, g, w, m, v);
  else if (m)
    NAME(moment_step_by)(true, false, count, step, g, w, m, v);
  else if (v)
    NAME(moment_step_by)(false, true, count, step, g, w, m, v);
  else
    NAME(moment_step_by)(false, false, count, step, g, w, m, v);
}
