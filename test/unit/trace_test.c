// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Unit test of simplicialCompileTraced: where what it prints goes.

#include "simplicial/compiler.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define Q "tensor<1x?x4x16xf32>"
#define K "tensor<1x?x1x16xf32>"
static const char source[] =
    "func.func @f(%q: " Q ", %k: " K ") -> " Q " {\n"
    "  %o, %l = \"simplicial.attention\"(%q, %k, %k, %k, %k) "
    "{causal, w1 = 3 : i64, w2 = 8 : i64}\n"
    "    : (" Q ", " K ", " K ", " K ", " K ") -> (" Q ", tensor<1x4x?xf32>)\n"
    "  return %o : " Q "\n"
    "}\n";

enum { MOST = 1 << 20 };

/// What was printed, one piece behind the other.
typedef struct Printed {
  size_t pieces, size;
  char text[MOST];
} Printed;

static void collect(const char *text, size_t length, void *user) {
  Printed *printed = user;
  assert_true(printed->size + length < MOST);
  memcpy(printed->text + printed->size, text, length);
  printed->size += length;
  printed->text[printed->size] = '\0';
  ++printed->pieces;
}

static SimplicialStatus compile(const SimplicialTrace *trace, char **data,
                                size_t *size) {
  return simplicialCompileTraced(source, strlen(source), "f.mlir", "cpu",
                                 SIMPLICIAL_EMIT_OBJECT, trace, data, size);
}

/// Asserts that the bytes are those of a compilation that shows nothing.
static void assert_same(char *data, size_t size) {
  char *expected;
  size_t expected_size;
  assert_status(SIMPLICIAL_OK,
                simplicialCompile(source, strlen(source), "f.mlir", "cpu",
                                  SIMPLICIAL_EMIT_OBJECT, &expected,
                                  &expected_size));
  assert_int_equal(expected_size, size);
  assert_memory_equal(expected, data, size);
  free(expected);
  free(data);
}

static void test_nothing(void **state) {
  (void)state;
  char *data;
  size_t size;
  assert_status(SIMPLICIAL_OK, compile(NULL, &data, &size));
  assert_same(data, size);
  Printed *printed = calloc(1, sizeof *printed);
  assert_status(SIMPLICIAL_OK,
                compile(&(SimplicialTrace){.print = collect, .user = printed},
                        &data, &size));
  assert_same(data, size);
  assert_int_equal(0, printed->pieces);
  free(printed);
}

static void test_callback(void **state) {
  (void)state;
  Printed *printed = calloc(1, sizeof *printed);
  SimplicialTrace trace = {.print_ir_after = "simplicial-tile",
                           .timing = true,
                           .print = collect,
                           .user = printed};
  char *data;
  size_t size;
  assert_status(SIMPLICIAL_OK, compile(&trace, &data, &size));
  assert_same(data, size);
  assert_int_equal(2, printed->pieces);
  static const char header[] = "// ---- after simplicial-tile (";
  assert_memory_equal(header, printed->text, strlen(header));
  assert_non_null(strstr(printed->text, "scf.forall"));
  assert_non_null(strstr(printed->text, "total\n"));
  free(printed);
}

static void test_errors(void **state) {
  (void)state;
  Printed *printed = calloc(1, sizeof *printed);
  SimplicialTrace trace = {.print_ir_after = "no-such-pass",
                           .timing = true,
                           .print = collect,
                           .user = printed};
  char *data = (char *)source;
  size_t size = 1;
  assert_status(SIMPLICIAL_INVALID_ARGUMENT, compile(&trace, &data, &size));
  assert_null(data);
  assert_int_equal(0, size);
  assert_int_equal(0, printed->pieces);
  trace = (SimplicialTrace){.save_temps = "/dev/null"};
  assert_status(SIMPLICIAL_IO_ERROR, compile(&trace, &data, &size));
  assert_null(data);
  free(printed);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing),
                                     cmocka_unit_test(test_callback),
                                     cmocka_unit_test(test_errors)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
