// The optimisers' step: one recurrence, with the moments that an optimiser has.

INLINE void NAME(moment_step_by)(const bool has_first, const bool has_second, size_t count,
                                 const struct bpt_moment_step *step, const REAL *gradient, REAL *w, REAL *m, REAL *v) {
  const REAL rate = (REAL)step->rate, l2 = (REAL)step->l2, keep = (REAL)step->keep;
  const REAL first_keep = (REAL)step->first_keep, first_add = (REAL)step->first_add;
  const REAL second_keep = (REAL)step->second_keep, second_add = (REAL)step->second_add;
  const REAL by_gradient = (REAL)step->by_gradient, by_first = (REAL)step->by_first;
  const REAL root = (REAL)step->root, epsilon = (REAL)step->epsilon;
  FOR_EACH(count, {
    V x = NAME(load)(w + j, left);
    V g = NAME(load)(gradient + j, left) + l2 * x;
    V direction = by_gradient * g;
    if (has_first) {
      V first = first_keep * NAME(load)(m + j, left) + first_add * g;
      NAME(store)(m + j, first, left);
      direction += by_first * first;
    }
    if (has_second) {
      V second = second_keep * NAME(load)(v + j, left) + second_add * g * g;
      NAME(store)(v + j, second, left);
      direction /= __builtin_elementwise_sqrt(second) * root + epsilon;
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
