// The kernels in one precision for one instruction set: included by precisions.h, once for each.

#include "vectors.h"
#include "transpose.h"
#include "matrices.h"
#include "functions.h"
#include "elementwise.h"
#include "gates.h"
#include "peepholes.h"
#include "diagonal.h"
#include "losses.h"
#include "attention.h"
#include "optimizers.h"
