// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The cost of tiling strategies: one against numbers computed by hand, and what
// must hold for all of them.

#include "lowering/configure/estimate.h"
#include "lowering/tile/forward_work.h"
#include "unit.h"

#include <string.h>

static const Chip *chip(const char *name) {
  const Chip *chip = chips;
  while (strcmp(chip->name, name))
    ++chip;
  return chip;
}

static const ForwardShape shape = {.d = 128,
                                   .dv = 128,
                                   .group = 128,
                                   .outer = 32,
                                   .inner = 512,
                                   .outer_window = 32,
                                   .causal = true,
                                   .planes = 1,
                                   .bytes = 2,
                                   .passes = 1};

/// Two warpgroups with a producer; four tiles stay.
static const Config config = {.block_q = 1,
                              .block_h = 128,
                              .block_j = 1,
                              .block_k = 64,
                              .block_tail = 64,
                              .tiles = 4,
                              .block_last = 64,
                              .inner_stationary = true,
                              .local_outer = true,
                              .sum_columns = 8,
                              .stages = 1,
                              .producer = true};

/// Four warps with mma.sync, and tiles of 32 keys.
static Config config_of_mma(void) {
  Config c = config;
  c.block_h = 64;
  c.block_k = c.block_last = c.block_tail = 32;
  c.tiles = 1;
  c.stages = 2;
  c.producer = false;
  return c;
}

static Estimate estimate_of(const Config *c, const ForwardShape *s,
                            const char *name) {
  Work work;
  forward_work(c, s, &work);
  return estimate(&work, chip(name));
}

static double clocks(const Config *c, const ForwardShape *s, const char *name) {
  return estimate_of(c, s, name).clocks;
}

static void assert_near(double x, double y) {
  if (x < y * 0.999999 || x > y * 1.000001)
    fail_msg("%f is not %f", x, y);
}

// hopper.md's budgets: K2 and V2 of 256 keys 128 KiB, q 32 KiB, K1 and V1 of 32
// keys 16 KiB; 8 rings of two mbarriers, all alike, so that none are joined.
// acc 64, their sum 64, logits 32, pairs 16, q * k1 32, and 20.
static void budgets(void **state) {
  (void)state;
  Estimate e = estimate_of(&config, &shape, "sm_90a");
  assert_ptr_equal(e.budget.engine, &engine_wgmma);
  assert_int_equal(e.budget.shared_bytes, (128 + 32 + 16) * 1024 + 8 * 16);
  assert_int_equal(e.budget.registers, 64 + 64 + 32 + 16 + 32 + 20);
  assert_int_equal(e.budget.most_registers, 240);
  assert_int_equal(e.budget.blocks, 1);
}

// mma.sync: rows of tiles are padded by 16 bytes. A sum 64, logits 32, q 32; 48
// for operands of four slices, and 12.
static void budgets_of_mma(void **state) {
  (void)state;
  Config c = config;
  c.block_h = 64;
  c.tiles = 1;
  c.stages = 2;
  c.producer = false;
  Estimate e = estimate_of(&c, &shape, "sm_80");
  assert_ptr_equal(e.budget.engine, &engine_mma_sync);
  assert_int_equal(e.budget.shared_bytes, 2 * 64 * 2 * (256 + 16) + 16 * 1024);
  assert_int_equal(e.budget.registers, 64 + 32 + 32 + 48 + 12);
  assert_int_equal(e.budget.most_registers, 255);
  assert_int_equal(e.budget.blocks, 1);
  c.stages = 1;
  assert_int_equal(estimate_of(&c, &shape, "sm_80").budget.blocks, 2);
}

// With 192 columns warpgroups compute products with values in parts of 64, each
// with a wait of its own. A sum 96, logits 32, q * k1 48; and 20. Not where one
// has a bias, or is alone.
static void budgets_of_parts(void **state) {
  (void)state;
  Config c = config;
  ForwardShape wide = shape;
  wide.d = wide.dv = 192;
  c.tiles = c.sum_columns = 1;
  Estimate e = estimate_of(&c, &wide, "sm_90a");
  assert_ptr_equal(e.budget.engine, &engine_wgmma);
  assert_int_equal(e.budget.registers, 96 + 32 + 48 + 20);
  assert_true(e.budget.registers <= e.budget.most_registers);
  wide.value_bias = true;
  assert_ptr_equal(estimate_of(&c, &wide, "sm_90a").budget.engine,
                   &engine_mma_sync);
  wide.value_bias = false;
  c.block_h = 64;
  assert_ptr_equal(estimate_of(&c, &wide, "sm_90a").budget.engine,
                   &engine_mma_sync);
}

// Rings lie in memory from the last one on, those of values where eight rows of
// their panels of 128 bytes may begin. V2 2048, K2 2560; 512 to the next KiB;
// the same of the other tile; and 8 mbarriers.
static void budgets_of_panels(void **state) {
  (void)state;
  Config c = config;
  ForwardShape s = shape;
  c.block_k = c.block_last = 16;
  c.block_tail = 0;
  c.tiles = 2;
  c.local_outer = false;
  s.d = 80;
  s.dv = 64;
  assert_int_equal(estimate_of(&c, &s, "sm_90a").budget.shared_bytes,
                   2 * (2048 + 2560) + 512 + 8 * 8);
}

// With 256 columns a sum has 128 registers, logits of 32 keys 16, and what else
// a loop carries 8. To the 170 that all may have 18 are left for q: 9 slices of
// two registers, or 18 of one where a thread's rows are of one head. The others
// of 32 are in shared memory, for each of 128 threads.
static void parks(void **state) {
  (void)state;
  Config c = config;
  ForwardShape s = shape;
  c.block_h = 64;
  c.block_k = c.block_last = c.block_tail = 32;
  c.tiles = 1;
  c.producer = c.local_outer = false;
  s.d = s.dv = 256;
  const int64_t tile = 32 * 2 * (512 + 16);
  Estimate e = estimate_of(&c, &s, "sm_90");
  assert_int_equal(e.budget.shared_bytes, tile + (32 - 9) * 128 * 8);
  assert_int_equal(e.budget.registers, 128 + 16 + 9 * 2 + 48 + 12);
  c.block_h = c.block_j = 8;
  e = estimate_of(&c, &s, "sm_90");
  assert_int_equal(e.budget.shared_bytes, tile + (32 - 18) * 128 * 4);
  assert_int_equal(e.budget.registers, 128 + 16 + 18 + 48 + 12);
  // Warps exchange 32 columns of 64 rows: where the first ring is, if it is
  // needed no more.
  c.block_h = 4;
  c.block_q = 2;
  e = estimate_of(&c, &s, "sm_90");
  assert_int_equal(e.budget.shared_bytes,
                   tile + (32 - 9) * 128 * 8 + 64 * 32 * (int)sizeof(float));
}

// The chain of a warpgroup's step. Instructions, of 2 clocks: of each tile 144
// for logits, 8 + 4 products, and 30; of the step 64 to add products to sums,
// 32 to multiply q by k1, 16 loads and 16 conversions each of k1 and v1, 16
// loads of q, and 30. Waits: of each tile 256 clocks for logits, 320 and 100;
// 256 for values and 320; for one of 32 steps 128 KiB at 38 bytes a clock from
// L2, and 700. The two of them each have the tensor cores for 2048 clocks.
static void step(void **state) {
  (void)state;
  double chain = 2 * (4 * (144 + 12 + 30) + 64 + 32 + 4 * 16 + 16 + 30) +
                 4 * (256 + 320 + 100) + 256 + 320 + (131072 / 38.0 + 700) / 32;
  double t = estimate_of(&config, &shape, "sm_90a").step;
  assert_near(t, chain + 5 * (2048 / t) * 512 / 2);
}

// That of four warps with mma.sync, beside another one. Instructions: 72 for
// logits, 64 products, 32 loads of them, and 30; of the step 64 to add products
// to sums, 32 to multiply q by k1, 32 loads and 32 conversions of k1 and v1, 12
// loads of q, 6 to copy, and 30. Waits: 256 clocks for logits, 14 for each of
// 32 products with values, less 64 instructions; half of 512 for loads that are
// four slices at a time, 100, and copies. The other one's loads take 512 clocks
// for keys and values, 128 and 48 for k1, v1 and q, and 36 for shuffles.
static void step_of_mma(void **state) {
  (void)state;
  Config c = config_of_mma();
  double issue = 72 + 64 + 32 + 30 + 64 + 32 + 32 + 32 + 12 + 6 + 30;
  double waits =
      256 + 14 * 32 - 64 + 256 + 100 + (100 + (600 + 16384 / 47.0) / 16) / 32;
  Estimate e = estimate_of(&c, &shape, "sm_80");
  assert_int_equal(e.budget.blocks, 2);
  assert_near(e.step, issue + waits + 512 + 128 + 48 + 36);
}

// Two steps for each of 32 keys, and 12000 clocks, for as many pairs.
static void block(void **state) {
  (void)state;
  Estimate e = estimate_of(&config, &shape, "sm_90a");
  assert_near(e.clocks, (12000 + 32 * 2 * e.step) / (128.0 * 32 * 512));
}

// With mma.sync, a block alone on an SM takes longer. A block's clocks are
// those of all blocks on it.
static void block_alone(void **state) {
  (void)state;
  Config c = config_of_mma();
  double pairs = 64.0 * 32 * 512;
  Estimate two = estimate_of(&c, &shape, "sm_80");
  assert_int_equal(two.budget.blocks, 2);
  assert_near(two.clocks, (12000 + 32 * 16 * two.step) / (2 * pairs));
  c.stages = 5;
  Estimate one = estimate_of(&c, &shape, "sm_80");
  assert_int_equal(one.budget.blocks, 1);
  assert_near(one.clocks, 1.06 * (12000 + 32 * 16 * one.step) / pairs);
}

// Never less than the tensor cores take, and near that where all else is small.
static void no_less_than_products(void **state) {
  (void)state;
  double products = 4.0 * 128 / 4096;
  for (int tiles = 1; tiles <= CONFIG_MAX_TILES; ++tiles) {
    Config c = config;
    c.tiles = tiles;
    assert_true(clocks(&c, &shape, "sm_90a") > products);
  }
}

// Steps of more tiles wait less; what a window is not filled by is lost.
static void tiles(void **state) {
  (void)state;
  Config two = config, three = config;
  two.tiles = 2;
  three.tiles = 3;
  assert_true(clocks(&config, &shape, "sm_90a") <
              clocks(&two, &shape, "sm_90a"));
  ForwardShape s = shape;
  s.inner = 384;
  assert_true(clocks(&three, &s, "sm_90a") < clocks(&config, &s, "sm_90a"));
}

// Rows that are not there cost as much as those that are.
static void rows(void **state) {
  (void)state;
  Config half = config;
  half.block_h = 64 + 56; // in eight warps
  double full = clocks(&config, &shape, "sm_90a");
  assert_near(clocks(&half, &shape, "sm_90a"), full * 128 / 120);
}

// The longer the windows, the less the rest of a block matters. Of queries only
// those count that there are.
static void windows(void **state) {
  (void)state;
  double before = 1e9;
  for (int64_t keys = 256; keys <= 4096; keys *= 2) {
    ForwardShape s = shape;
    s.inner = keys;
    double now = clocks(&config, &s, "sm_90a");
    assert_true(now < before);
    before = now;
  }
  Config c = config;
  c.block_q = 16;
  c.block_h = 8;
  ForwardShape one = shape;
  one.queries = 1;
  assert_near(clocks(&c, &one, "sm_90a"), 16 * clocks(&c, &shape, "sm_90a"));
}

// Where there are fewer blocks than SMs, time is that of one block.
static void few_blocks(void **state) {
  (void)state;
  ForwardShape few = shape;
  few.queries = 33;
  few.groups = 2;
  Estimate e = estimate_of(&config, &few, "sm_90a");
  assert_near(e.clocks, 2 * clocks(&config, &shape, "sm_90a"));
  few.groups = 132;
  assert_near(clocks(&config, &few, "sm_90a"),
              clocks(&config, &shape, "sm_90a"));
}

// Tiles that do not stay are copied for each outer key.
static void order(void **state) {
  (void)state;
  Config jk = config;
  jk.inner_stationary = false;
  assert_true(clocks(&config, &shape, "sm_90a") <
              clocks(&jk, &shape, "sm_90a"));
}

// What is over a budget says so.
static void over(void **state) {
  (void)state;
  Config c = config;
  c.stages = 2;
  assert_int_equal(estimate_of(&c, &shape, "sm_90a").budget.blocks, 0);
  c = config;
  c.block_k = c.block_last = c.block_tail = 128;
  c.tiles = 2;
  Estimate e = estimate_of(&c, &shape, "sm_90a");
  assert_true(e.budget.registers > e.budget.most_registers);
}

// The example of work.h, a program that is not forward: W = dS K2. Two rings of
// two slots; q and dO do not fit registers with W 64, S 32 and dP 32, and are
// parked, 16 slices of two registers each. The tensor cores have three products
// of 64 keys for each of two parts, and nothing is as busy.
static void another_program(void **state) {
  (void)state;
  enum { ROWS = 128, D = 128, KEYS = 64, PAIR = 2, F32 = 4, TRIPS = 64 };
  Work w = {.rows = ROWS,
            .producer = true,
            .bytes = PAIR,
            .passes = 1,
            .useful = (double)ROWS * KEYS * TRIPS};
  WorkStep *step = work_add_step(&w, TRIPS);
  work_add_product(
      step, 2,
      (WorkProduct){.columns = KEYS, .depth = D, .row = D, .awaited = true});
  work_add_elements(
      step, 1,
      (WorkElements){.columns = KEYS, .exponentials = 1, .fma = 3, .alu = 0.5});
  work_add_product(step, 1,
                   (WorkProduct){.columns = D,
                                 .depth = KEYS,
                                 .row = D,
                                 .by_depth = true,
                                 .added = true});
  work_add_copy(step, 1, (WorkCopy){.bytes = 2 * KEYS * D * PAIR, .ahead = 64});
  work_add_buffer(&w, (WorkBuffer){2, 2, KEYS, D * PAIR, false});
  work_add_tile(&w, (WorkTile){.columns = D, .bytes = F32, .result = true});
  for (int i = 0; i < 2; ++i) {
    work_add_tile(
        &w,
        (WorkTile){.moment = 1, .columns = KEYS, .bytes = F32, .result = true});
    int kept = work_keep(&w, (WorkKept){.columns = D});
    work_add_load(step, 1, (WorkLoad){.from = WORK_KEPT, .kept = kept});
  }
  work_add_tile(&w, (WorkTile){.moment = 2, .columns = KEYS, .bytes = PAIR});

  Estimate e = estimate(&w, chip("sm_90a"));
  assert_ptr_equal(e.budget.engine, &engine_wgmma);
  assert_int_equal(e.budget.registers, 64 + 32 + 32 + 20);
  assert_int_equal(e.budget.shared_bytes,
                   2 * 2 * (KEYS * D * PAIR + 2 * 8) + 2 * 16 * 256 * 8);
  assert_int_equal(e.budget.blocks, 1);
  double tensor = 2 * 3 * 2.0 * 64 * KEYS * D / 4096;
  assert_true(e.step > tensor && e.step < 3 * tensor);
  assert_near(e.clocks, TRIPS * e.step / w.useful);

  // What cannot be a wgmma is an mma.sync.
  w.bytes = F32;
  assert_ptr_equal(estimate(&w, chip("sm_90a")).budget.engine,
                   &engine_mma_sync);
}

// A left operand in shared memory is read there: 64 rows of 256 bytes, beside
// 16 of the right one, at 128 bytes a clock, by each of two warpgroups. Else
// the tensor cores take longest, 2 * 64 * 16 * 128 / 4096 clocks each.
static void left_operands(void **state) {
  (void)state;
  Work w = {.rows = 128, .producer = true, .bytes = 2, .useful = 1};
  WorkStep *step = work_add_step(&w, 1);
  work_add_product(step, 1,
                   (WorkProduct){.columns = 16, .depth = 128, .row = 128});
  assert_near(estimate(&w, chip("sm_90a")).step, 2 * 64);
  step->items[0].product.left_shared = true;
  assert_near(estimate(&w, chip("sm_90a")).step, 2 * (64 + 16) * 256 / 128);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(budgets),
      cmocka_unit_test(budgets_of_mma),
      cmocka_unit_test(budgets_of_parts),
      cmocka_unit_test(budgets_of_panels),
      cmocka_unit_test(parks),
      cmocka_unit_test(step),
      cmocka_unit_test(step_of_mma),
      cmocka_unit_test(block),
      cmocka_unit_test(block_alone),
      cmocka_unit_test(no_less_than_products),
      cmocka_unit_test(tiles),
      cmocka_unit_test(rows),
      cmocka_unit_test(windows),
      cmocka_unit_test(few_blocks),
      cmocka_unit_test(order),
      cmocka_unit_test(over),
      cmocka_unit_test(another_program),
      cmocka_unit_test(left_operands),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
