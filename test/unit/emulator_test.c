// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Unit tests of the emulator: kernels in C. The fragments of ldmatrix, stmatrix
// and mma.sync are compared with tables written from the formulas of the PTX
// ISA ("Matrix Fragments for mma.m16n8k16 ..."), element by element.

#include "emulator_test.h"

#include <stdlib.h>

// ldmatrix --------------------------------------------------------------------

// Element (row, column) of matrix m is 64 m + 8 row + column.
typedef struct LdmatrixRun {
  uint32_t count;
  bool transposed;
  uint32_t registers[32][4];
} LdmatrixRun;

static void run_ldmatrix(SimplicialEmulatorThread *thread,
                         const void *arguments) {
  LdmatrixRun *run = (LdmatrixRun *)arguments;
  uint32_t lane = simplicialEmulateLaneId(thread, FIRST);
  // Rows of 16 bytes, 32 apart, in reverse order.
  uint64_t row = SHARED + 32 * (31 - lane);
  uint16_t *data = simplicialEmulateWriteShared(thread, FIRST, row, 16, 16);
  for (uint32_t c = 0; c < 8; ++c)
    data[c] = (uint16_t)(8 * lane + c);
  simplicialEmulateBarrierAll(thread, FIRST);
  uint32_t *result = run->registers[lane];
  if (run->count == 1)
    *result = run->transposed
                  ? simplicialEmulateLdmatrix1Trans(thread, FIRST, row)
                  : simplicialEmulateLdmatrix1(thread, FIRST, row);
  else if (run->transposed)
    simplicialEmulateLdmatrixTrans(thread, FIRST, row, run->count, result);
  else
    simplicialEmulateLdmatrix(thread, FIRST, row, run->count, result);
}

static void check_ldmatrix(uint32_t count, bool transposed) {
  LdmatrixRun run = {.count = count, .transposed = transposed};
  SimplicialEmulation launch = launch_of(run_ldmatrix, &run);
  launch.sharedBytes = 1024;
  assert_emulates(launch);
  // PTX ISA, table of ldmatrix .m8n8.b16: thread t of a row-quartet holds two
  // consecutive elements of row lane / 4: T0 T0 T1 T1 T2 T2 T3 T3.
  for (uint32_t m = 0; m < count; ++m)
    for (uint32_t row = 0; row < 8; ++row)
      for (uint32_t column = 0; column < 8; ++column) {
        uint32_t lane = row * 4 + column / 2;
        uint32_t value = run.registers[lane][m] >> 16 * (column % 2) & 0xffff;
        uint32_t expected =
            transposed ? 64 * m + 8 * column + row : 64 * m + 8 * row + column;
        assert_int_equal(expected, value);
      }
}

static void ldmatrix_fragments(void **state) {
  (void)state;
  for (uint32_t count = 1; count <= 4; count *= 2) {
    check_ldmatrix(count, false);
    check_ldmatrix(count, true);
  }
}

// stmatrix --------------------------------------------------------------------

// A lane's register m holds 64 m + 2 lane and, in its high half, one more:
// element (row, column) of matrix m is 64 m + 8 row + column.
typedef struct StmatrixRun {
  uint32_t count;
  uint16_t rows[32][8]; // by the lane that says where it is
} StmatrixRun;

static void run_stmatrix(SimplicialEmulatorThread *thread,
                         const void *arguments) {
  StmatrixRun *run = (StmatrixRun *)arguments;
  uint32_t lane = simplicialEmulateLaneId(thread, FIRST), v[4];
  for (uint32_t m = 0; m < 4; ++m)
    v[m] = (64 * m + 2 * lane) | (64 * m + 2 * lane + 1) << 16;
  // Rows of 16 bytes, 32 apart, in reverse order.
  uint64_t row = SHARED + 32 * (31 - lane);
  if (run->count == 1)
    simplicialEmulateStmatrix1(thread, FIRST, row, v[0]);
  else if (run->count == 2)
    simplicialEmulateStmatrix2(thread, FIRST, row, v[0], v[1]);
  else
    simplicialEmulateStmatrix4(thread, FIRST, row, v[0], v[1], v[2], v[3]);
  simplicialEmulateBarrierAll(thread, FIRST);
  if (lane < 8 * run->count)
    memcpy(run->rows[lane],
           simplicialEmulateReadShared(thread, FIRST, row, 16, 16), 16);
}

static void stmatrix_fragments(void **state) {
  (void)state;
  for (uint32_t count = 1; count <= 4; count *= 2) {
    StmatrixRun run = {.count = count};
    SimplicialEmulation launch = launch_of(run_stmatrix, &run);
    launch.sharedBytes = 1024;
    assert_emulates(launch);
    for (uint32_t lane = 0; lane < 8 * count; ++lane)
      for (uint32_t column = 0; column < 8; ++column)
        assert_int_equal(8 * lane + column, run.rows[lane][column]);
  }
}

// mma.sync --------------------------------------------------------------------

// A is 1 at one element, B at another in each block, and C says which element
// of the fragment it is. So D - C is 1 at (row of A, column of B) if A's column
// is B's row, else 0.
typedef struct MmaRun {
  void (*mma)(SimplicialEmulatorThread *, uint32_t, MMA_PARAMETERS);
  int halves;   // elements of A and B a register
  uint32_t one; // as an element
  int a_lane, a_element;
  float d[128][32][4]; // by block
} MmaRun;

static uint32_t bits(float x) {
  uint32_t result;
  memcpy(&result, &x, sizeof x);
  return result;
}

/// Puts a one in place of element i of a fragment.
static void set(uint32_t *registers, int i, const MmaRun *run) {
  registers[i / run->halves] = run->one << (i % run->halves * 16);
}

static void run_mma(SimplicialEmulatorThread *thread, const void *arguments) {
  MmaRun *run = (MmaRun *)arguments;
  int lane = (int)simplicialEmulateTidX(thread, FIRST);
  int block = (int)simplicialEmulateCtaidX(thread, FIRST);
  uint32_t a[4] = {0}, b[2] = {0}, c[4], d[4];
  if (lane == run->a_lane)
    set(a, run->a_element, run);
  if (lane == block % 32)
    set(b, block / 32, run);
  for (int i = 0; i < 4; ++i)
    c[i] = bits((float)(lane * 4 + i));
  run->mma(thread, FIRST, a[0], a[1], a[2], a[3], b[0], b[1], c[0], c[1], c[2],
           c[3], d);
  memcpy(run->d[block][lane], d, sizeof d);
}

/// Where an element is, as (row, column), by the PTX ISA's formulas of the
/// element's number i in the fragment.
typedef struct Place {
  int row, column;
} Place;

// m16n8k16, 16-bit: i is 2 * register + half.
static Place a_k16(int lane, int i) {
  int group = lane >> 2, in_group = lane % 4;
  return (Place){(i >= 0 && i < 2) || (i >= 4 && i < 6) ? group : group + 8,
                 i < 4 ? in_group * 2 + (i & 1) : in_group * 2 + (i & 1) + 8};
}
static Place b_k16(int lane, int i) {
  int group = lane >> 2, in_group = lane % 4;
  return (Place){i < 2 ? in_group * 2 + (i & 1) : in_group * 2 + (i & 1) + 8,
                 group};
}
// m16n8k8, tf32: i is the register.
static Place a_k8(int lane, int i) {
  int group = lane >> 2, in_group = lane % 4;
  return (Place){i == 0 || i == 2 ? group : group + 8,
                 i == 0 || i == 1 ? in_group : in_group + 4};
}
static Place b_k8(int lane, int i) {
  int group = lane >> 2, in_group = lane % 4;
  return (Place){i == 0 ? in_group : in_group + 4, group};
}
static Place c_both(int lane, int i) {
  int group = lane >> 2, in_group = lane % 4;
  return (Place){i < 2 ? group : group + 8, in_group * 2 + (i & 1)};
}

static void check_block(const MmaRun *run, int block, Place a, Place b) {
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < 4; ++i) {
      Place d = c_both(lane, i);
      bool meets = a.column == b.row && d.row == a.row && d.column == b.column;
      assert_true(run->d[block][lane][i] == (float)(lane * 4 + i + meets));
    }
}

/// Every element of A with every one of B.
static void check_mma(MmaRun run, Place (*a_place)(int, int),
                      Place (*b_place)(int, int)) {
  bool seen[16][16] = {{false}};
  int blocks = 32 * 2 * run.halves;
  for (run.a_lane = 0; run.a_lane < 32; ++run.a_lane)
    for (run.a_element = 0; run.a_element < 4 * run.halves; ++run.a_element) {
      Place a = a_place(run.a_lane, run.a_element);
      assert_false(seen[a.row][a.column]);
      seen[a.row][a.column] = true;
      SimplicialEmulation launch = launch_of(run_mma, &run);
      launch.grid[0] = blocks;
      assert_emulates(launch);
      for (int block = 0; block < blocks; ++block)
        check_block(&run, block, a, b_place(block % 32, block / 32));
    }
}

static void mma_bf16_fragments(void **state) {
  (void)state;
  check_mma(
      (MmaRun){.mma = simplicialEmulateMmaBf16, .halves = 2, .one = 0x3f80},
      a_k16, b_k16);
}

static void mma_f16_fragments(void **state) {
  (void)state;
  check_mma(
      (MmaRun){.mma = simplicialEmulateMmaF16, .halves = 2, .one = 0x3c00},
      a_k16, b_k16);
}

static void mma_tf32_fragments(void **state) {
  (void)state;
  check_mma(
      (MmaRun){.mma = simplicialEmulateMmaTf32, .halves = 1, .one = 0x3f800000},
      a_k8, b_k8);
}

static void tf32_has_ten_bits(void **state) {
  (void)state;
  // In block 0, A's first element times B's, which are both this number.
  MmaRun run = {.mma = simplicialEmulateMmaTf32,
                .halves = 1,
                .one = bits(1 + 0x1p-10f + 0x1.8p-11f)};
  assert_emulates(launch_of(run_mma, &run));
  assert_true(run.d[0][0][0] == (1 + 0x1p-10f) * (1 + 0x1p-10f));
}

// Functions -------------------------------------------------------------------

static float apply(uint32_t (*function)(SimplicialEmulatorThread *, uint32_t,
                                        uint32_t),
                   float x) {
  uint32_t result = function(NULL, FIRST, bits(x));
  memcpy(&x, &result, sizeof x);
  return x;
}

static void functions_flush_subnormals(void **state) {
  (void)state;
  assert_true(apply(simplicialEmulateEx2, 3) == 8);
  assert_true(apply(simplicialEmulateEx2, -1 / 0.f) == 0);
  assert_true(apply(simplicialEmulateEx2, -126) == 0x1p-126f);
  assert_true(apply(simplicialEmulateEx2, -127) == 0);
  assert_true(apply(simplicialEmulateLg2, 8) == 3);
  assert_true(apply(simplicialEmulateLg2, 0x1p-130f) == -1 / 0.f);
  assert_true(apply(simplicialEmulateRcp, 4) == 0.25f);
  assert_true(apply(simplicialEmulateRcp, 0x1p127f) == 0);
  assert_true(apply(simplicialEmulateRcp, -0x1p-130f) == -1 / 0.f);
}

// Grids -----------------------------------------------------------------------

typedef struct Counts {
  int32_t threads[2][3][4][96];
} Counts;

static void count(SimplicialEmulatorThread *thread, const void *arguments) {
  Counts *counts = (Counts *)arguments;
  assert_int_equal(96, simplicialEmulateNtidX(thread, FIRST));
  assert_int_equal(4, simplicialEmulateNctaidX(thread, FIRST));
  assert_int_equal(3, simplicialEmulateNctaidY(thread, FIRST));
  assert_int_equal(2, simplicialEmulateNctaidZ(thread, FIRST));
  ++counts->threads[simplicialEmulateCtaidZ(thread, FIRST)]
                   [simplicialEmulateCtaidY(thread, FIRST)]
                   [simplicialEmulateCtaidX(thread, FIRST)]
                   [simplicialEmulateTidX(thread, FIRST)];
}

static void every_thread_runs_once(void **state) {
  (void)state;
  Counts counts = {{{{{0}}}}};
  SimplicialEmulation launch = launch_of(count, &counts);
  memcpy(launch.grid, (int64_t[]){4, 3, 2}, sizeof launch.grid);
  launch.threads = 96;
  assert_emulates(launch);
  const int32_t *all = &counts.threads[0][0][0][0];
  for (size_t i = 0; i < sizeof counts / sizeof *all; ++i)
    assert_int_equal(1, all[i]);
}

static void nothing(SimplicialEmulatorThread *thread, const void *arguments) {
  (void)thread, (void)arguments;
}

static void fail_anyway(SimplicialEmulatorThread *thread,
                        const void *arguments) {
  (void)arguments;
  simplicialEmulateReadGlobal(thread, FIRST, 4096, 4, 4);
}

static void grids_without_blocks(void **state) {
  (void)state;
  for (int i = 0; i < 3; ++i) {
    SimplicialEmulation launch = launch_of(fail_anyway, NULL);
    launch.grid[i] = 0;
    assert_emulates(launch);
  }
}

static void wrong_launches(void **state) {
  (void)state;
  SimplicialEmulation launch = launch_of(nothing, NULL);
  launch.grid[1] = 65536;
  assert_reports("a grid has at most 65535 blocks in dimension y, not 65536",
                 launch);
  launch = launch_of(nothing, NULL);
  launch.grid[0] = INT64_C(1) << 31;
  assert_reports("a grid has at most 2147483647 blocks in dimension x, not "
                 "2147483648",
                 launch);
  launch.grid[0] = INT64_MIN; // a product that overflowed
  assert_reports("a grid has at most 2147483647 blocks in dimension x, not "
                 "-9223372036854775808",
                 launch);
  launch = launch_of(nothing, NULL);
  launch.threads = 1025;
  assert_reports("a block has 1 to 1024 threads, not 1025", launch);
  launch = launch_of(nothing, NULL);
  launch.sharedBytes = 232449;
  assert_reports("a block has at most 232448 bytes of shared memory, not "
                 "232449",
                 launch);
}

static void fail_from_block_5(SimplicialEmulatorThread *thread,
                              const void *arguments) {
  (void)arguments;
  if (simplicialEmulateCtaidX(thread, FIRST) >= 5)
    simplicialEmulateReadGlobal(thread, SECOND, 4096, 4, 4);
}

static void the_first_failing_block_is_reported(void **state) {
  (void)state;
  SimplicialEmulation launch = launch_of(fail_from_block_5, NULL);
  launch.grid[0] = 200;
  for (int i = 0; i < 20; ++i)
    assert_reports("b:3:4: second: out of bounds: reads 4 bytes of global "
                   "memory at 0x1000, before every buffer [block (5, 0, 0), "
                   "thread 0]",
                   launch);
}

static void launches_after_a_failed_one_do_nothing(void **state) {
  (void)state;
  Counts counts = {{{{{0}}}}};
  simplicialEmulatorLaunch(nothing, NULL, sites, -1, 1, 1, 32, 1, 1, 0, NULL,
                           0);
  simplicialEmulatorLaunch(count, &counts, sites, 4, 3, 2, 96, 1, 1, 0, NULL,
                           0);
  assert_status(SIMPLICIAL_INVALID_ARGUMENT, simplicialEmulatorTakeStatus());
  assert_int_equal(0, counts.threads[0][0][0][0]);
  assert_status(SIMPLICIAL_OK, simplicialEmulatorTakeStatus());
  simplicialEmulatorLaunch(count, &counts, sites, 4, 3, 2, 96, 1, 1, 0, NULL,
                           0);
  assert_status(SIMPLICIAL_OK, simplicialEmulatorTakeStatus());
  assert_int_equal(1, counts.threads[0][0][0][0]);
  simplicialEmulatorLaunch(nothing, NULL, sites, 1, 1, 1, 32, 2, 1, 0, NULL, 0);
  assert_status(SIMPLICIAL_INVALID_ARGUMENT, simplicialEmulatorTakeStatus());
}

// Copies ----------------------------------------------------------------------

/// Each thread copies 16 times 4 bytes; `arrived` gets which had arrived when
/// the last was issued.
typedef struct CopyRun {
  int32_t from[16];
  uint32_t arrived;
} CopyRun;

static void copy_and_peek(SimplicialEmulatorThread *thread,
                          const void *arguments) {
  CopyRun *run = (CopyRun *)arguments;
  const int32_t *shared = NULL;
  for (uint32_t i = 0; i < 16; ++i) {
    // The place itself, to look at what nobody may.
    int32_t *place =
        simplicialEmulateWriteShared(thread, FIRST, SHARED + 4 * i, 4, 4);
    *place = 0;
    if (i == 0)
      shared = place;
    simplicialEmulateCopy(thread, FIRST, SHARED + 4 * i,
                          (uintptr_t)&run->from[i], 4);
  }
  for (uint32_t i = 0; i < 16; ++i)
    run->arrived |= (uint32_t)(shared[i] != 0) << i;
  simplicialEmulateCopyCommit(thread, FIRST);
  simplicialEmulateCopyWait(thread, FIRST, 0);
  for (uint32_t i = 0; i < 16; ++i)
    assert_int_equal(run->from[i], shared[i]);
}

static uint32_t arrived_with(uint64_t seed) {
  CopyRun run = {.arrived = 0};
  for (int i = 0; i < 16; ++i)
    run.from[i] = i + 1;
  SimplicialEmulatorBuffer buffer = {run.from, sizeof run.from};
  SimplicialEmulation launch = launch_of(copy_and_peek, &run);
  launch.threads = 1;
  launch.sharedBytes = 64;
  launch.buffers = &buffer;
  launch.bufferCount = 1;
  launch.seed = seed;
  assert_emulates(launch);
  return run.arrived;
}

static void the_seed_picks_when_copies_arrive(void **state) {
  (void)state;
  uint32_t different = 0, out_of_order = 0, last = arrived_with(0);
  for (uint64_t seed = 1; seed <= 32; ++seed) {
    uint32_t arrived = arrived_with(seed);
    assert_int_equal(arrived, arrived_with(seed));
    assert_int_not_equal(0xffff, arrived); // some are late
    different += arrived != last;
    out_of_order += (arrived & (arrived + 1)) != 0;
    last = arrived;
  }
  assert_true(different > 16);
  assert_true(out_of_order > 16);
}

enum { ORDERED_BLOCKS = 6, ORDERED_WARPS = 4, ORDERED_LANES = 32 };

typedef struct Order {
  int count;
  int64_t first_block, second_block;
  int first_thread; // of the first block
} Order;

static void note_order(SimplicialEmulatorThread *thread,
                       const void *arguments) {
  Order *order = (Order *)arguments;
  int64_t block = simplicialEmulateCtaidX(thread, FIRST);
  if (!order->count) {
    order->first_block = block;
    order->first_thread = (int)simplicialEmulateTidX(thread, FIRST);
  } else if (order->count == ORDERED_WARPS * ORDERED_LANES) {
    order->second_block = block;
  }
  ++order->count;
}

static void the_seed_picks_the_order_of_blocks_and_warps(void **state) {
  (void)state;
  simplicialSetThreadCount(1);
  uint32_t first = 0, step = 0, warps = 0;
  for (uint64_t seed = 0; seed < 16; ++seed) {
    Order order = {.count = 0};
    SimplicialEmulation launch = launch_of(note_order, &order);
    launch.grid[0] = ORDERED_BLOCKS;
    launch.threads = ORDERED_WARPS * ORDERED_LANES;
    launch.seed = seed;
    assert_emulates(launch);
    assert_int_equal(ORDERED_BLOCKS * launch.threads, order.count);
    assert_int_equal(0, order.first_thread % ORDERED_LANES);
    first |= 1u << order.first_block;
    step |= 1u << (order.second_block > order.first_block);
    warps |= 1u << order.first_thread / ORDERED_LANES;
  }
  assert_int_equal((1u << ORDERED_BLOCKS) - 1, first);
  assert_int_equal(3, step); // forwards and backwards
  assert_int_equal((1u << ORDERED_WARPS) - 1, warps);
  simplicialSetThreadCount(0);
}

// Symbols ---------------------------------------------------------------------

static void symbols_are_complete(void **state) {
  (void)state;
  size_t count;
  const SimplicialEmulatorSymbol *symbols = simplicialEmulatorSymbols(&count);
  bool found = false;
  for (size_t i = 0; i < count; ++i) {
    assert_non_null((void *)symbols[i].address);
    found |= !strcmp(symbols[i].name, "simplicialEmulateBarrierAll") &&
             symbols[i].address == (uintptr_t)simplicialEmulateBarrierAll;
  }
  assert_true(found);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ldmatrix_fragments),
      cmocka_unit_test(stmatrix_fragments),
      cmocka_unit_test(mma_bf16_fragments),
      cmocka_unit_test(mma_f16_fragments),
      cmocka_unit_test(mma_tf32_fragments),
      cmocka_unit_test(tf32_has_ten_bits),
      cmocka_unit_test(functions_flush_subnormals),
      cmocka_unit_test(every_thread_runs_once),
      cmocka_unit_test(grids_without_blocks),
      cmocka_unit_test(wrong_launches),
      cmocka_unit_test(the_first_failing_block_is_reported),
      cmocka_unit_test(launches_after_a_failed_one_do_nothing),
      cmocka_unit_test(the_seed_picks_when_copies_arrive),
      cmocka_unit_test(the_seed_picks_the_order_of_blocks_and_warps),
      cmocka_unit_test(symbols_are_complete),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
