// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Unit tests of the emulator's copies of boxes of tensors: kernels in C.

#include "emulator_test.h"

#include <stdlib.h>

// Boxes of tensors ------------------------------------------------------------

enum { MBARRIER = SHARED, BOX = SHARED + 1024, BOX_BYTES = 4096 };

typedef struct TensorRun {
  SimplicialTensorMapInfo from, to;
  SimplicialTensorMap from_map, to_map;
  uint32_t from_at[5], to_at[5];
  unsigned char box[BOX_BYTES]; ///< what was in shared memory
} TensorRun;

/// Loads a box, with one thread, looks at it, and stores it elsewhere.
static void copy_box(SimplicialEmulatorThread *thread, const void *arguments) {
  TensorRun *run = (TensorRun *)arguments;
  const uint32_t *at = run->from_at, *to = run->to_at;
  uint32_t bytes = (uint32_t)run->from.elementBytes;
  for (int d = 0; d < run->from.rank; ++d)
    bytes *= (uint32_t)run->from.box[d];
  simplicialEmulateMbarrierInit(thread, FIRST, MBARRIER, 1);
  simplicialEmulateMbarrierFence(thread, FIRST);
  simplicialEmulateMbarrierArriveExpect(thread, FIRST, MBARRIER, bytes);
  const void *map = &run->from_map;
  if (run->from.rank == 2)
    simplicialEmulateTensorLoad2(thread, SECOND, BOX, map, at[0], at[1],
                                 MBARRIER);
  else if (run->from.rank == 3)
    simplicialEmulateTensorLoad3(thread, SECOND, BOX, map, at[0], at[1], at[2],
                                 MBARRIER);
  else if (run->from.rank == 4)
    simplicialEmulateTensorLoad4(thread, SECOND, BOX, map, at[0], at[1], at[2],
                                 at[3], MBARRIER);
  else
    simplicialEmulateTensorLoad5(thread, SECOND, BOX, map, at[0], at[1], at[2],
                                 at[3], at[4], MBARRIER);
  while (!simplicialEmulateMbarrierTryWait(thread, FIRST, MBARRIER, 0))
    ;
  memcpy(run->box, simplicialEmulateReadShared(thread, FIRST, BOX, bytes, 16),
         bytes);
  map = &run->to_map;
  if (run->to.rank == 2)
    simplicialEmulateTensorStore2(thread, SECOND, map, BOX, to[0], to[1]);
  else if (run->to.rank == 3)
    simplicialEmulateTensorStore3(thread, SECOND, map, BOX, to[0], to[1],
                                  to[2]);
  else if (run->to.rank == 4)
    simplicialEmulateTensorStore4(thread, SECOND, map, BOX, to[0], to[1], to[2],
                                  to[3]);
  else
    simplicialEmulateTensorStore5(thread, SECOND, map, BOX, to[0], to[1], to[2],
                                  to[3], to[4]);
  simplicialEmulateStoreCommit(thread, FIRST);
  simplicialEmulateStoreWait(thread, FIRST, 0);
}

static void run_copy_box(TensorRun *run, uint64_t seed, const void *from,
                         size_t from_bytes, const void *to, size_t to_bytes) {
  run->from.data = (void *)from;
  run->to.data = (void *)to;
  assert_status(SIMPLICIAL_OK,
                simplicialEmulatorEncodeTensorMap(&run->from, &run->from_map));
  assert_status(SIMPLICIAL_OK,
                simplicialEmulatorEncodeTensorMap(&run->to, &run->to_map));
  SimplicialEmulatorBuffer buffers[] = {{from, (int64_t)from_bytes},
                                        {to, (int64_t)to_bytes}};
  SimplicialEmulation launch = launch_of(copy_box, run);
  launch.threads = 1;
  launch.sharedBytes = 1024 + BOX_BYTES;
  launch.buffers = buffers;
  launch.bufferCount = 2;
  launch.seed = seed;
  assert_emulates(launch);
}

// CUDA programming guide, "Shared memory bank swizzling": the 16-byte piece
// `piece` of row `row` is where this says.
static size_t swizzled_piece(int64_t swizzle, size_t row, size_t piece) {
  switch (swizzle) {
  case 128:
    return piece ^ row % 8;
  case 64:
    return piece ^ row / 2 % 4;
  case 32:
    return piece ^ row / 4 % 2;
  default:
    return piece;
  }
}

static void tensors_are_swizzled(void **state) {
  (void)state;
  enum { ROWS = 16, COLUMNS = 64 };
  static _Alignas(16) uint16_t from[ROWS][COLUMNS], to[ROWS][COLUMNS];
  for (int i = 0; i < ROWS * COLUMNS; ++i)
    from[i / COLUMNS][i % COLUMNS] = (uint16_t)i;
  for (int64_t swizzle = 128; swizzle >= 16; swizzle /= 2) {
    TensorRun run = {0};
    size_t columns = (size_t)swizzle / 2;
    run.from = run.to =
        (SimplicialTensorMapInfo){.elementBytes = 2,
                                  .rank = 2,
                                  .swizzle = swizzle > 16 ? swizzle : 0,
                                  .sizes = {COLUMNS, ROWS},
                                  .strides = {2, 2 * COLUMNS},
                                  .box = {swizzle / 2, ROWS}};
    memset(to, 0, sizeof to);
    run_copy_box(&run, 3, from, sizeof from, to, sizeof to);
    for (size_t r = 0; r < ROWS; ++r)
      for (size_t c = 0; c < columns; ++c) {
        uint16_t value;
        size_t place = r * (size_t)swizzle + c % 8 * 2 +
                       16 * swizzled_piece(run.from.swizzle, r, c / 8);
        memcpy(&value, run.box + place, sizeof value);
        assert_int_equal(from[r][c], value);
        assert_int_equal(from[r][c], to[r][c]);
      }
  }
}

enum { CUBE = 4, CUBE_ROW = 8 };
typedef float Cube[CUBE][CUBE][CUBE][CUBE][CUBE_ROW];

/// Whether [at + offset] is in the tensor of the run, in the first `rank`
/// dimensions; 0 in those after.
static bool is_inside(const SimplicialTensorMapInfo *info, const int *at) {
  for (int d = 0; d < info->rank; ++d)
    if (at[d] < 0 || at[d] >= info->sizes[d])
      return false;
  return true;
}

static float *element_of(Cube *cube, const int *at) {
  return &(*cube)[at[4]][at[3]][at[2]][at[1]][at[0]];
}

/// Copies boxes of 8 x 3 x 2 x 2 x 3 elements, as far as they have dimensions,
/// that are partly outside of both tensors.
static void check_rank(int rank, uint64_t seed) {
  static _Alignas(16) Cube from, to, expected;
  static const int from_at[] = {-4, 2, -1, 3, -1}, to_at[] = {4, -1, 0, 2, 1};
  TensorRun run = {0};
  run.from =
      (SimplicialTensorMapInfo){.elementBytes = 4,
                                .rank = rank,
                                .sizes = {7, 4, 3, 4, 2},
                                .strides = {4, sizeof ****from, sizeof ***from,
                                            sizeof **from, sizeof *from},
                                .box = {8, 3, 2, 2, 3}};
  run.to = run.from;
  for (int d = 0; d < 5; ++d) {
    run.from_at[d] = (uint32_t)from_at[d];
    run.to_at[d] = (uint32_t)to_at[d];
  }
  for (size_t i = 0; i < sizeof from / sizeof(float); ++i) {
    ((float *)from)[i] = (float)(i + 1);
    ((float *)to)[i] = ((float *)expected)[i] = -1;
  }
  int box[5], n = 1;
  for (int d = 0; d < 5; ++d) {
    box[d] = d < rank ? (int)run.from.box[d] : 1;
    n *= box[d];
  }
  for (int i = 0; i < n; ++i) {
    int source[5] = {0}, target[5] = {0};
    for (int d = 0, rest = i; d < rank; rest /= box[d++]) {
      source[d] = from_at[d] + rest % box[d];
      target[d] = to_at[d] + rest % box[d];
    }
    if (is_inside(&run.to, target))
      *element_of(&expected, target) =
          is_inside(&run.from, source) ? *element_of(&from, source) : 0;
  }
  run_copy_box(&run, seed, from, sizeof from, to, sizeof to);
  assert_memory_equal(expected, to, sizeof to);
}

static void boxes_beyond_the_edges(void **state) {
  (void)state;
  for (int rank = 2; rank <= 5; ++rank)
    for (uint64_t seed = 0; seed < 4; ++seed)
      check_rank(rank, seed);
}

static void boxes_of_foreign_memory(void **state) {
  (void)state;
  static _Alignas(16) float from[8][8], to[8][8];
  TensorRun run = {0};
  run.from = run.to = (SimplicialTensorMapInfo){.data = from,
                                                .elementBytes = 4,
                                                .rank = 2,
                                                .sizes = {8, 8},
                                                .strides = {4, 32},
                                                .box = {8, 8}};
  run.to.data = to;
  simplicialEmulatorEncodeTensorMap(&run.from, &run.from_map);
  simplicialEmulatorEncodeTensorMap(&run.to, &run.to_map);
  SimplicialEmulatorBuffer buffer = {from, sizeof from - 4};
  SimplicialEmulation launch = launch_of(copy_box, &run);
  launch.threads = 1;
  launch.sharedBytes = 1024 + BOX_BYTES;
  launch.buffers = &buffer;
  launch.bufferCount = 1;
  assert_reports("b:3:4: second: out of bounds: reads 32 bytes of global "
                 "memory, from byte 224 of buffer 0, which has 252 [block (0, "
                 "0, 0), thread 0]",
                 launch);
}

/// A launch of a copy from column `from_at` to column `to_at` of 16 each.
static SimplicialEmulation misaligned(TensorRun *run, uint32_t from_at,
                                      uint32_t to_at) {
  static _Alignas(16) float from[2][16], to[2][16];
  static SimplicialEmulatorBuffer buffers[] = {{from, sizeof from},
                                               {to, sizeof to}};
  run->from = run->to = (SimplicialTensorMapInfo){.data = from,
                                                  .elementBytes = 4,
                                                  .rank = 2,
                                                  .sizes = {16, 2},
                                                  .strides = {4, 64},
                                                  .box = {4, 2}};
  run->to.data = to;
  run->from_at[0] = from_at;
  run->to_at[0] = to_at;
  simplicialEmulatorEncodeTensorMap(&run->from, &run->from_map);
  simplicialEmulatorEncodeTensorMap(&run->to, &run->to_map);
  SimplicialEmulation launch = launch_of(copy_box, run);
  launch.threads = 1;
  launch.sharedBytes = 1024 + BOX_BYTES;
  launch.buffers = buffers;
  launch.bufferCount = 2;
  return launch;
}

static void boxes_begin_at_16_bytes(void **state) {
  (void)state;
  TensorRun run = {0};
  assert_emulates(misaligned(&run, 8, 4));
  assert_emulates(misaligned(&run, (uint32_t)-4, 12));
  assert_reports("b:3:4: second: misaligned: rows of the box begin at element "
                 "6, which is no multiple of 16 bytes [block (0, 0, 0), thread "
                 "0]",
                 misaligned(&run, 6, 4));
  assert_reports("b:3:4: second: misaligned: rows of the box begin at element "
                 "-2, which is no multiple of 16 bytes [block (0, 0, 0), "
                 "thread 0]",
                 misaligned(&run, 8, (uint32_t)-2));
}

static void bad_maps_are_none(void **state) {
  (void)state;
  SimplicialTensorMapInfo info = {.rank = 7};
  SimplicialTensorMap map;
  assert_int_equal(0, simplicialEmulatorTensorMap(&info, &map));
  assert_status(SIMPLICIAL_OK, simplicialEmulatorTakeStatus());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tensors_are_swizzled),
      cmocka_unit_test(boxes_beyond_the_edges),
      cmocka_unit_test(boxes_of_foreign_memory),
      cmocka_unit_test(boxes_begin_at_16_bytes),
      cmocka_unit_test(bad_maps_are_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
