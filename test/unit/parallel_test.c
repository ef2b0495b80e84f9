// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Unit tests of the thread pool. Bodies run on threads where cmocka cannot
// fail a test, so they record what happened and the test asserts afterwards.

#include "unit.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 10000 };

// Counts how often each index is visited.
typedef struct Visits {
  unsigned char counts[MOST];
} Visits;

// Chunks must not overlap: TSan reports it if two threads write one count.
static void visit(void *context, int64_t lo, int64_t hi) {
  for (int64_t i = lo; i < hi; ++i)
    ++((Visits *)context)->counts[i];
}

static bool visits_each_index_once(int64_t count) {
  Visits *visits = calloc(1, sizeof *visits);
  simplicialParallelFor(visit, visits, count);
  bool right = true;
  for (int64_t i = 0; i < MOST; ++i)
    right &= visits->counts[i] == (i < count);
  free(visits);
  return right;
}

static void every_index_is_visited_once(void **state) {
  (void)state;
  static const int64_t counts[] = {1, 2, 3, 7, 64, 127, 128, 129, 1000, MOST};
  for (int threads = 1; threads <= 9; ++threads) {
    simplicialSetThreadCount(threads);
    for (int i = 0; i < 10; ++i)
      assert_true(visits_each_index_once(counts[i]));
  }
}

static void fail_if_called(void *context, int64_t lo, int64_t hi) {
  (void)lo, (void)hi;
  *(atomic_bool *)context = true;
}

static void nothing_to_do(void **state) {
  (void)state;
  atomic_bool called = false;
  simplicialParallelFor(fail_if_called, &called, 0);
  simplicialParallelFor(fail_if_called, &called, -5);
  simplicialParallelFor(fail_if_called, &called, INT64_MIN);
  assert_false(called);
}

static void add_length(void *context, int64_t lo, int64_t hi) {
  if (lo >= 0 && lo < hi)
    atomic_fetch_add((atomic_llong *)context, hi - lo);
}

static void ranges_do_not_overflow(void **state) {
  (void)state;
  for (int threads = 1; threads <= 7; ++threads) {
    simplicialSetThreadCount(threads);
    for (int64_t less = 0; less < 3; ++less) {
      atomic_llong sum = 0;
      simplicialParallelFor(add_length, &sum, INT64_MAX - less);
      assert_true(sum == INT64_MAX - less);
    }
  }
}

// Records how many threads are inside bodies at once.
typedef struct Crowd {
  atomic_int inside, most, wanted;
} Crowd;

// Stays inside until as many threads as wanted have been there, and then a
// little longer, so that one too many would be seen.
static void gather(void *context, int64_t lo, int64_t hi) {
  (void)lo, (void)hi;
  Crowd *crowd = context;
  int inside = atomic_fetch_add(&crowd->inside, 1) + 1, most = crowd->most;
  while (inside > most &&
         !atomic_compare_exchange_weak(&crowd->most, &most, inside))
    ;
  while (crowd->most < crowd->wanted)
    sched_yield();
  usleep(100);
  atomic_fetch_sub(&crowd->inside, 1);
}

static void as_many_threads_as_set(void **state) {
  (void)state;
  static const int thread_counts[] = {3, 8, 2, 5, 1};
  for (int i = 0; i < 5; ++i) {
    simplicialSetThreadCount(thread_counts[i]);
    assert_int_equal(thread_counts[i], simplicialThreadCount());
    Crowd crowd = {.wanted = thread_counts[i]};
    simplicialParallelFor(gather, &crowd, 1000);
    assert_int_equal(thread_counts[i], crowd.most);
  }
}

static void idle_threads_wake_up(void **state) {
  (void)state;
  simplicialSetThreadCount(4);
  for (int i = 0; i < 20; ++i) {
    usleep(2000); // the workers are asleep by then
    Crowd crowd = {.wanted = 4};
    simplicialParallelFor(gather, &crowd, 4);
    assert_int_equal(4, crowd.most);
  }
}

typedef struct Inner {
  pthread_t caller;
  bool is_inline;
} Inner;

static void check_inline(void *context, int64_t lo, int64_t hi) {
  Inner *inner = context;
  inner->is_inline =
      lo == 0 && hi == 100 && pthread_equal(pthread_self(), inner->caller);
}

static void call_inside(void *context, int64_t lo, int64_t hi) {
  Inner inner = {pthread_self(), false};
  simplicialParallelFor(check_inline, &inner, 100);
  if (inner.is_inline)
    add_length(context, lo, hi);
}

static void nested_calls_run_inline(void **state) {
  (void)state;
  simplicialSetThreadCount(4);
  atomic_llong sum = 0;
  simplicialParallelFor(call_inside, &sum, 500);
  assert_true(sum == 500);
}

static void *call_often(void *result) {
  *(bool *)result = true;
  for (int i = 0; i < 200; ++i)
    *(bool *)result &= visits_each_index_once(1 + i * 37 % MOST);
  return NULL;
}

static void eight_callers_at_once(void **state) {
  (void)state;
  enum { CALLERS = 8 };
  for (int threads = 2; threads <= 8; threads *= 2) {
    simplicialSetThreadCount(threads);
    pthread_t callers[CALLERS];
    bool right[CALLERS];
    for (int i = 0; i < CALLERS; ++i)
      assert_int_equal(
          0, pthread_create(&callers[i], NULL, call_often, &right[i]));
    for (int i = 0; i < CALLERS; ++i)
      pthread_join(callers[i], NULL);
    for (int i = 0; i < CALLERS; ++i)
      assert_true(right[i]);
  }
}

// Each caller waits in its body for the other one: neither may queue behind it.
static void *meet(void *crowd) {
  simplicialParallelFor(gather, crowd, 2);
  return NULL;
}

static void callers_do_not_wait_for_each_other(void **state) {
  (void)state;
  simplicialSetThreadCount(2);
  Crowd crowd = {.wanted = 2};
  pthread_t callers[2];
  for (int i = 0; i < 2; ++i)
    assert_int_equal(0, pthread_create(&callers[i], NULL, meet, &crowd));
  for (int i = 0; i < 2; ++i)
    pthread_join(callers[i], NULL);
  assert_in_range(crowd.most, 2, 4);
}

static void forked_children_have_a_pool(void **state) {
  (void)state;
  simplicialSetThreadCount(4);
  assert_true(visits_each_index_once(MOST));
  for (int i = 0; i < 10; ++i) {
    pid_t child = fork();
    if (child == 0) {
      alarm(20); // a hang becomes a failure
      Crowd crowd = {.wanted = 4};
      simplicialParallelFor(gather, &crowd, 100);
      _exit(crowd.most == 4 && visits_each_index_once(MOST) ? 0 : 1);
    }
    int status;
    assert_int_equal(child, waitpid(child, &status, 0));
    assert_int_equal(0, status);
  }
  assert_true(visits_each_index_once(MOST));
}

static void environment_sets_the_default(void **state) {
  (void)state;
  assert_int_equal(0, unsetenv("SIMPLICIAL_NUM_THREADS"));
  cpu_set_t cpus;
  assert_int_equal(0, sched_getaffinity(0, sizeof cpus, &cpus));
  simplicialSetThreadCount(0);
  assert_int_equal(CPU_COUNT(&cpus), simplicialThreadCount());

  static const char *const wrong[] = {"", "0", "-3", "two", "3x", "3 4"};
  for (int i = 0; i < 6; ++i) {
    setenv("SIMPLICIAL_NUM_THREADS", wrong[i], 1);
    simplicialSetThreadCount(-1);
    assert_int_equal(CPU_COUNT(&cpus), simplicialThreadCount());
  }

  setenv("SIMPLICIAL_NUM_THREADS", "5", 1);
  simplicialSetThreadCount(0);
  assert_int_equal(5, simplicialThreadCount());
  setenv("SIMPLICIAL_NUM_THREADS", "99999999999999999999999", 1);
  simplicialSetThreadCount(0);
  assert_int_equal(1024, simplicialThreadCount());
  simplicialSetThreadCount(1 << 30);
  assert_int_equal(1024, simplicialThreadCount());
}

// TSan would otherwise end a forked child that starts threads.
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "die_after_fork=0"; }

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_index_is_visited_once),
      cmocka_unit_test(nothing_to_do),
      cmocka_unit_test(ranges_do_not_overflow),
      cmocka_unit_test(as_many_threads_as_set),
      cmocka_unit_test(idle_threads_wake_up),
      cmocka_unit_test(nested_calls_run_inline),
      cmocka_unit_test(eight_callers_at_once),
      cmocka_unit_test(callers_do_not_wait_for_each_other),
      cmocka_unit_test(forked_children_have_a_pool),
      cmocka_unit_test(environment_sets_the_default),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
