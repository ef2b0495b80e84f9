// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The layouts' tables.

#include "layout.h"

const Layout layout_accumulator = {
    .lane = {{0, 2}, {0, 4}, {1, 0}, {2, 0}, {4, 0}},
    .element_bits = 2,
    .element = {{0, 1}, {8, 0}},
};

const Layout layout_left_16 = {
    .lane = {{0, 2}, {0, 4}, {1, 0}, {2, 0}, {4, 0}},
    .element_bits = 3,
    .element = {{0, 1}, {8, 0}, {0, 8}},
};

const Layout layout_right_16 = {
    .lane = {{2, 0}, {4, 0}, {0, 1}, {0, 2}, {0, 4}},
    .element_bits = 2,
    .element = {{1, 0}, {8, 0}},
};

const Layout layout_left_32 = {
    .lane = {{0, 2}, {0, 4}, {1, 0}, {2, 0}, {4, 0}},
    .element_bits = 2,
    .element = {{8, 0}, {0, 1}},
};

const Layout layout_right_32 = {
    .lane = {{2, 0}, {4, 0}, {0, 1}, {0, 2}, {0, 4}},
    .element_bits = 1,
    .element = {{1, 0}},
};

const Layout layout_matrix_load = {
    .lane = {{0, 2}, {0, 4}, {1, 0}, {2, 0}, {4, 0}},
    .element_bits = 1,
    .element = {{0, 1}},
};

const Layout layout_addresses = {
    .lane = {{0, 1}, {0, 2}, {0, 4}, {8, 0}, {16, 0}},
};

const Layout layout_addresses_transposing = {
    .lane = {{1, 0}, {2, 0}, {4, 0}, {8, 0}, {16, 0}},
};

const Layout layout_addresses_left = {
    .lane = {{1, 0}, {2, 0}, {4, 0}, {8, 0}, {0, 8}},
};

const Layout layout_addresses_left_transposed = {
    .lane = {{0, 1}, {0, 2}, {0, 4}, {8, 0}, {0, 8}},
};

Place layout_place(const Layout *layout, int lane, int element) {
  Place place = {0, 0};
  for (int bit = 0; bit < LANE_BITS; ++bit)
    if (lane >> bit & 1) {
      place.row += layout->lane[bit].row;
      place.column += layout->lane[bit].column;
    }
  for (int bit = 0; bit < layout->element_bits; ++bit)
    if (element >> bit & 1) {
      place.row += layout->element[bit].row;
      place.column += layout->element[bit].column;
    }
  return place;
}
