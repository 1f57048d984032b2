// exp, sin and cos of vectors, and the activations φ with φ′.

#undef MAGIC
#undef BIAS
#undef MANTISSA
#undef LN2_HIGH
#undef LN2_LOW
#undef FLOOR
#if DOUBLE_PRECISION
#define MAGIC 0x1.8p52
#define BIAS 1023
#define MANTISSA 52
// log 2 in two parts; the first times any exponent is exact.
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define FLOOR -800.0
#else
#define MAGIC 0x1.8p23f
#define BIAS 127
#define MANTISSA 23
#define LN2_HIGH 0x1.62e300p-1f
#define LN2_LOW 0x1.2fefa2p-17f
#define FLOOR -120.0f
#endif

// (e^r - 1 - r)/r² for |r| ≤ 0.35: a Chebyshev fit, its error under 0.2 units in the last place of e^r - 1.
INLINE V NAME(exp_tail)(V r) {
  V r2 = r * r, r4 = r2 * r2;
#if DOUBLE_PRECISION
  V low = (0.16666666666666671438 * r + 0.5) + (0.0083333333333255446996 * r + 0.041666666666666670074) * r2;
  V middle =
      (0.00019841269876864354929 * r + 0.0013888888888883326674) +
      (2.7557252833516909748e-6 * r + 2.4801587327007186731e-5) * r2;
  V high = (2.5106274733573294687e-8 * r + 2.7557271810219799569e-7) + 2.0915442297780115216e-9 * r2;
  return low + (middle + high * r4) * r4;
#else
  return (0.166665733819f * r + 0.5f) + (0.00836377387441f * r + 0.0416665501103f) * r2 + 0.0013926926614f * r4;
#endif
}

// e^y = scale + scale · part for y ≤ 0, scale a power of two; down to the least subnormal number.
INLINE void NAME(exp_parts)(V y, V *scale, V *part) {
  // e^y = 2^n e^r, n = round(y/log 2), r = y - n log 2
  y = SELECT(y < FLOOR, NAME(broadcast)(FLOOR), y);
  // MAGIC + 2 BIAS leaves n + 2 BIAS in the lowest bits
  V shifted = y * (REAL)1.4426950408889634074 + (MAGIC + 2 * BIAS);
  V n = shifted - (MAGIC + 2 * BIAS);
  V r = (y - n * LN2_HIGH) - n * LN2_LOW;
#if VECTOR_BYTES == 64 && DOUBLE_PRECISION
  *scale = (V)_mm512_scalef_pd(_mm512_set1_pd(1), (__m512d)n);
#elif VECTOR_BYTES == 64
  *scale = (V)_mm512_scalef_ps(_mm512_set1_ps(1), (__m512)n);
#else
  // 2^n in two factors, either of which is a normal number; what is above n + 2 BIAS is shifted out
  I both = (I)shifted, half = both >> 1;
  *scale = (V)(half << MANTISSA) * (V)((both - half) << MANTISSA);
#endif
  *part = r + r * r * NAME(exp_tail)(r);
}

INLINE V NAME(exp)(V y) {
  V scale, part;
  NAME(exp_parts)(y, &scale, &part);
  return scale + scale * part;
}

// log x for normal x (fdlibm's, without its branches); NaN and ∞ stay what they are.
INLINE V NAME(log)(V x) {
  // x = 2^k (1 + f), √½ ≤ 1 + f < √2; log(1 + f) = f - f²/2 + s (f²/2 + R), s = f/(2 + f)
  const INTEGER one = (INTEGER)BIAS << MANTISSA;
  V half_root = NAME(broadcast)((REAL)0.70710678118654752440);
  I bits = (I)x - (I)half_root + one, exponent = (bits >> MANTISSA) - BIAS;
  V f = (V)((I)x - (exponent << MANTISSA)) - 1, k = __builtin_convertvector(exponent, V);
  V s = f / (2 + f), z = s * s, half = (REAL)0.5 * f * f;
#if DOUBLE_PRECISION
  V r = z * (6.666666666666735130e-01 +
             z * (3.999999999940941908e-01 +
                  z * (2.857142874366239149e-01 +
                       z * (2.222219843214978396e-01 +
                            z * (1.818357216161805012e-01 +
                                 z * (1.531383769920937332e-01 + z * 1.479819860511658591e-01))))));
#else
  V r = z * (0.66666662693f + z * (0.40000972152f + z * (0.28498786688f + z * 0.24279078841f)));
#endif
  V result = k * LN2_HIGH - ((half - (s * (half + r) + k * LN2_LOW)) - f);
  return SELECT(x < (REAL)INFINITY, result, x);
}

INLINE V NAME(absolute)(V x) { return (V)((I)x & ~((I){0} + ((INTEGER)1 << (8 * sizeof(REAL) - 1)))); }

// x with the sign of y, x ≥ 0.
INLINE V NAME(signed_as)(V x, V y) { return (V)((I)x | ((I)y & ((I){0} + ((INTEGER)1 << (8 * sizeof(REAL) - 1))))); }

// Sine and cosine: a = n π/2 + r, with π/2 in three parts (Cody & Waite), and the minimax polynomials of fdlibm (double)
// and Cephes (float). Arguments beyond LARGE go to the C library.
#undef LARGE
#if DOUBLE_PRECISION
#define LARGE 1.0e5
#else
#define LARGE 8.0e3f
#endif
INLINE void NAME(sin_cos)(V a, V *sine, V *cosine) {
  V shifted = a * (REAL)0.63661977236758134308 + MAGIC;
  V n = shifted - MAGIC;
  I quadrant = (I)shifted;
#if DOUBLE_PRECISION
  V r = ((a - n * 0x1.921fb544p0) - n * 0x1.0b4611a6p-34) - n * 0x1.3198a2e037073p-69;
  V z = r * r;
  V s = r + r * z * (-1.66666666666666324348e-01 +
                     z * (8.33333333332248946124e-03 +
                          z * (-1.98412698298579493134e-04 +
                               z * (2.75573137070700676789e-06 +
                                    z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)))));
  V c = (1 - 0.5 * z) +
        z * z * (4.16666666666666019037e-02 +
                 z * (-1.38888888888741095749e-03 +
                      z * (2.48015872894767294178e-05 +
                           z * (-2.75573143513906633035e-07 +
                                z * (2.08757232129817482790e-09 - z * 1.13596475577881948265e-11)))));
#else
  V r = ((a - n * 0x1.92p0f) - n * 0x1.fb4p-12f) - n * 0x1.4442d2p-24f;
  V z = r * r;
  V s = r + r * z * (-1.6666654611e-1f + z * (8.3321608736e-3f - z * 1.9515295891e-4f));
  V c = (1 - 0.5f * z) + z * z * (4.166664568298827e-2f + z * (-1.388731625493765e-3f + z * 2.443315711809948e-5f));
#endif
  // sin(r + n π/2): n even takes the sine, odd the cosine; the sign turns with n's second bit
  I odd = -(quadrant & 1);
  I flip_sine = (quadrant >> 1 & 1) << (8 * sizeof(REAL) - 1);
  I flip_cosine = ((quadrant + 1) >> 1 & 1) << (8 * sizeof(REAL) - 1);
  *sine = (V)((I)SELECT(odd, c, s) ^ flip_sine);
  *cosine = (V)((I)SELECT(odd, s, c) ^ flip_cosine);
  I large = ~(NAME(absolute)(a) <= LARGE);
  if (__builtin_expect(NAME(any)(large), 0))
    for (size_t i = 0; i < LANES; i++)
      if (large[i]) (*sine)[i] = MATH(sin)(a[i]), (*cosine)[i] = MATH(cos)(a[i]);
}

// φ(a) and φ′(a), the derivative from a itself so that it keeps its relative accuracy where φ is saturated. At a kink it
// is the derivative of the flat side.
INLINE void NAME(phi)(const int function, V a, V *value, V *derivative) {
  V one = NAME(broadcast)(1), zero = {0}, magnitude = NAME(absolute)(a), scale, part;
  switch (function) {
  case BPT_TANH: {
    // tanh |a| = -u/(2 + u), u = e^-2|a| - 1; tanh′ = 1/cosh² a = 4 e^-2|a|/(2 + u)²
    NAME(exp_parts)(-2 * magnitude, &scale, &part);
    V u = scale * part + (scale - 1), q = 1 / (2 + u);
    *value = NAME(signed_as)(-u * q, a);
    *derivative = 4 * (scale + scale * part) * q * q;
    return;
  }
  case BPT_SIGMOID: {
    // σ = 1/(1 + e) for a ≥ 0, e/(1 + e) for a < 0, e = e^-|a|; σ′ = e/(1 + e)²
    V e = NAME(exp)(-magnitude), q = 1 / (1 + e);
    *value = SELECT(a >= zero, q, e * q);
    *derivative = e * q * q;
    return;
  }
  case BPT_RELU:
    *value = SELECT(a <= zero, zero, a);
    *derivative = SELECT(a > zero, one, zero);
    return;
  case BPT_LEAKY_RELU:
    *value = SELECT(a > zero, a, (REAL)0.01 * a);
    *derivative = SELECT(a > zero, one, NAME(broadcast)((REAL)0.01));
    return;
  case BPT_IDENTITY:
    *value = a;
    *derivative = one;
    return;
  case BPT_SOFTSIGN: {
    V q = 1 / (1 + magnitude);
    *value = a * q;
    *derivative = q * q;
    return;
  }
  case BPT_HARD_TANH:
    *value = SELECT(magnitude >= one, NAME(signed_as)(one, a), a);
    *derivative = SELECT(magnitude < one, one, zero);
    return;
  default:
    NAME(sin_cos)(a, value, derivative);
  }
}
