#pragma once

// One step of an optimizer, as numbers, for every parameter w and its gradient g:
//   g ← scale g + l2 w;  m ← first_keep m + first_add g;  v ← second_keep v + second_add g²
//   w ← keep w - rate (by_gradient g + by_first m)/(√v root + epsilon)
// Without v the divisor is 1.
struct bpt_moment_step {
  double scale, rate, l2, keep;
  double first_keep, first_add, second_keep, second_add;
  double by_gradient, by_first, root, epsilon;
};
