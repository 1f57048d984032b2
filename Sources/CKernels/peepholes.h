// The LSTM's variants: peepholes, by which c reaches the gates over one weight a unit (Gers & Schmidhuber 2000), and gates that
// are coupled, i = 1 - f. Rows of gates i, f, g, o, or f, g, o where they are coupled; rows of peepholes f, o, i, or NULL.

#undef PEEPHOLE
#define PEEPHOLE(index) (peepholes ? NAME(load)(peepholes + (index)*ps + j, left) : (V){0})

// i, f, o = σ(a), g = tanh(a), where w_i ⊙ c_before, w_f ⊙ c_before and w_o ⊙ c have been added to a in its place;
// c = f ⊙ c_before + i ⊙ g;  h = o ⊙ tanh c.
static bool NAME(lstm_variant_forward)(size_t rows, size_t columns, bool coupled, REAL *a, ptrdiff_t as,
                                       const REAL *c_before, REAL *c, REAL *h, ptrdiff_t ss, const REAL *peepholes,
                                       ptrdiff_t ps) {
  V poison = {0};
  for (; rows; rows--, a += as, c_before += ss, c += ss, h += ss)
    FOR_EACH(columns, {
      REAL *at = a + j, *from_f = coupled ? at : at + columns;
      V before = NAME(load)(c_before + j, left), slope, i, f, o, i_rest, f_rest, o_rest;
      V af = NAME(load)(from_f, left) + PEEPHOLE(0) * before, ag = NAME(load)(from_f + columns, left);
      poison += af * 0 + ag * 0;
      NAME(store)(from_f, af, left);
      NAME(logistic)(af, &f, &f_rest);
      if (coupled) {
        i = f_rest;
      } else {
        V ai = NAME(load)(at, left) + PEEPHOLE(2) * before;
        poison += ai * 0;
        NAME(store)(at, ai, left);
        NAME(logistic)(ai, &i, &i_rest);
      }
      V next = f * before + i * NAME(tanh)(ag, &slope);
      V ao = NAME(load)(from_f + 2 * columns, left) + PEEPHOLE(1) * next;
      poison += ao * 0;
      NAME(store)(from_f + 2 * columns, ao, left);
      NAME(logistic)(ao, &o, &o_rest);
      NAME(store)(c + j, next, left);
      NAME(store)(h + j, o * NAME(tanh)(next, &slope), left);
    });
  return NAME(sum)(poison) == 0;
}

// ∂L/∂a_o = tanh c o′ ⊙ dh;  ∂L/∂c = dc + dh ⊙ o tanh′ c + w_o ⊙ ∂L/∂a_o;  ∂L/∂a = (g i′, c_before f′, i g′) ⊙ ∂L/∂c, or
// ((c_before - g) f′, (1 - f) g′) where the gates are coupled;  dc_before = f ⊙ ∂L/∂c + w_i ⊙ ∂L/∂a_i + w_f ⊙ ∂L/∂a_f, added to
// what is there where `accumulate`, nowhere where it is NULL. Returns Σ dh².
static REAL NAME(lstm_variant_backward)(size_t rows, size_t columns, bool coupled, const REAL *a, ptrdiff_t as,
                                        const REAL *c_before, const REAL *c, ptrdiff_t ss, const REAL *dh,
                                        const REAL *dc, ptrdiff_t ds, REAL *da, ptrdiff_t das, REAL *dc_before,
                                        bool accumulate, const REAL *peepholes, ptrdiff_t ps) {
  V squares = {0};
  const size_t first = coupled ? 0 : columns;
#undef VARIANT_FACTORS
#undef VARIANT_APPLY
#define VARIANT_FACTORS(row)                                                                                           \
  const REAL *at = a + (row)*as + j;                                                                                   \
  V i, f, o, i_rest, f_rest, o_rest, g_slope, c_slope, to_i = {0};                                                     \
  NAME(logistic)(NAME(load)(at + first, left), &f, &f_rest);                                                           \
  NAME(logistic)(NAME(load)(at + first + 2 * columns, left), &o, &o_rest);                                             \
  V g = NAME(tanh)(NAME(load)(at + first + columns, left), &g_slope);                                                  \
  V squashed = NAME(tanh)(NAME(load)(c + (row)*ss + j, left), &c_slope);                                               \
  V before = NAME(load)(c_before + (row)*ss + j, left);                                                                \
  V to_o = squashed * (o * o_rest), to_c = o * c_slope + to_o * PEEPHOLE(1);                                           \
  V to_f = (coupled ? before - g : before) * (f * f_rest), keep = f + to_f * PEEPHOLE(0);                              \
  if (coupled) {                                                                                                       \
    i = f_rest;                                                                                                        \
  } else {                                                                                                             \
    NAME(logistic)(NAME(load)(at, left), &i, &i_rest);                                                                 \
    to_i = g * (i * i_rest);                                                                                           \
    keep += to_i * PEEPHOLE(2);                                                                                        \
  }                                                                                                                    \
  V to_g = i * g_slope
#define VARIANT_APPLY(row)                                                                                             \
  {                                                                                                                    \
    V h_gradient = NAME(load)(dh + (row)*ds + j, left);                                                                \
    V c_gradient = NAME(load)(dc + (row)*ds + j, left) + h_gradient * to_c;                                            \
    squares += h_gradient * h_gradient;                                                                                \
    REAL *to = da + (row)*das + j;                                                                                     \
    if (!coupled) NAME(store)(to, c_gradient *to_i, left);                                                             \
    NAME(store)(to + first, c_gradient *to_f, left);                                                                   \
    NAME(store)(to + first + columns, c_gradient *to_g, left);                                                         \
    NAME(store)(to + first + 2 * columns, h_gradient *to_o, left);                                                     \
    if (dc_before) {                                                                                                   \
      V passed = c_gradient * keep;                                                                                    \
      if (accumulate) passed += NAME(load)(dc_before + (row)*ds + j, left);                                            \
      NAME(store)(dc_before + (row)*ds + j, passed, left);                                                             \
    }                                                                                                                  \
  }
  FOR_EACH_STEP(VARIANT_FACTORS, VARIANT_APPLY)
  return NAME(sum)(squares);
}
