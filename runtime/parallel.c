// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The thread pool behind simplicialParallelForWithScratch.
//
// A caller puts its job, which lives on its stack, on a list of jobs that want
// helpers; idle workers join the jobs they find there. Caller and helpers take
// chunks from the job's counter until none is left. The caller then takes the
// job off the list, after which nobody can join, and waits for the helpers to
// leave.

#include "launch.h"
#include "scratch.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

enum {
  MAX_THREADS = 1024,
  CHUNKS_PER_THREAD = 32, // many: chunks may differ in cost
  WORKER_STACK_BYTES = 1 << 20,
  SPINS = 1000, // some 30 us, about what waking up takes
};

typedef struct Job Job;
typedef _Atomic(Job *) JobLink;

struct Job {
  void (*body)(void *context, void *scratch, int64_t lo, int64_t hi);
  void *context;
  char *scratch;         // of all threads
  int64_t scratch_bytes; // of each
  int64_t count, chunk_size, chunk_count;
  atomic_int_fast64_t next_chunk;
  // Written under pool.mutex:
  int vacancies;      // how many helpers may still join
  atomic_int helpers; // how many are in
  int joined;         // how many came in, the caller among them
  JobLink next;
};

static struct {
  pthread_mutex_t mutex;
  pthread_cond_t job_posted, helper_left;
  JobLink jobs; // those with vacancies; written under the mutex
  int workers;  // threads started; under the mutex
  atomic_int thread_count;
} pool = {
    .mutex = PTHREAD_MUTEX_INITIALIZER,
    .job_posted = PTHREAD_COND_INITIALIZER,
    .helper_left = PTHREAD_COND_INITIALIZER,
};

// Set while this thread runs chunks: a call from inside a body runs inline.
static _Thread_local bool inside_body;

static void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Runs what chunks there are as thread `number` of the job.
static void run_chunks(Job *job, int number) {
  void *scratch = job->scratch + number * job->scratch_bytes;
  int64_t i;
  inside_body = true;
  while ((i = atomic_fetch_add(&job->next_chunk, 1)) < job->chunk_count) {
    int64_t lo = i * job->chunk_size;
    int64_t hi = i + 1 < job->chunk_count ? lo + job->chunk_size : job->count;
    job->body(job->context, scratch, lo, hi);
  }
  inside_body = false;
}

// Takes a job off the list if it is on it.
static void withdraw(Job *job) {
  for (JobLink *link = &pool.jobs; *link; link = &(*link)->next)
    if (*link == job) {
      *link = job->next;
      return;
    }
}

static void *work(void *unused) {
  (void)unused;
  pthread_mutex_lock(&pool.mutex);
  for (;;) {
    if (!pool.jobs) {
      pthread_mutex_unlock(&pool.mutex);
      for (int i = 0; i < SPINS && !pool.jobs; ++i)
        relax();
      pthread_mutex_lock(&pool.mutex);
      while (!pool.jobs)
        pthread_cond_wait(&pool.job_posted, &pool.mutex);
    }
    Job *job = pool.jobs;
    ++job->helpers;
    int number = job->joined++;
    if (--job->vacancies == 0)
      withdraw(job);
    pthread_mutex_unlock(&pool.mutex);
    run_chunks(job, number);
    pthread_mutex_lock(&pool.mutex);
    withdraw(job);
    if (--job->helpers == 0)
      pthread_cond_broadcast(&pool.helper_left);
  }
  return NULL;
}

// A forked child has none of the workers and none of the other threads' jobs.
static void before_fork(void) { pthread_mutex_lock(&pool.mutex); }
static void after_fork_in_parent(void) { pthread_mutex_unlock(&pool.mutex); }
static void after_fork_in_child(void) {
  pool.job_posted = pool.helper_left = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
  pool.jobs = NULL;
  pool.workers = 0;
  pthread_mutex_unlock(&pool.mutex);
}
static void handle_forks(void) {
  pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

// Starts workers until there are `count`, or as many as the system grants.
// Needs pool.mutex.
static void start_workers(int count) {
  if (pool.workers >= count)
    return;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, WORKER_STACK_BYTES);
  pthread_t thread;
  while (pool.workers < count &&
         pthread_create(&thread, &attributes, work, NULL) == 0)
    ++pool.workers;
  pthread_attr_destroy(&attributes);
}

static int64_t ceil_div(int64_t a, int64_t b) { return a / b + (a % b != 0); }

// Shares the job out over its vacancies and the calling thread.
static void run_job(Job *job) {
  static pthread_once_t fork_handlers = PTHREAD_ONCE_INIT;
  pthread_once(&fork_handlers, handle_forks);

  job->joined = 1;
  pthread_mutex_lock(&pool.mutex);
  start_workers(job->vacancies);
  job->next = pool.jobs;
  pool.jobs = job;
  pthread_cond_broadcast(&pool.job_posted);
  pthread_mutex_unlock(&pool.mutex);

  run_chunks(job, 0);

  for (int i = 0; i < SPINS && job->helpers; ++i)
    relax();
  pthread_mutex_lock(&pool.mutex);
  withdraw(job);
  while (job->helpers)
    pthread_cond_wait(&pool.helper_left, &pool.mutex);
  pthread_mutex_unlock(&pool.mutex);
}

// Scratch of `bytes` each for `*threads` threads or, where there is not so
// much, for one.
static void *take_scratch(int64_t bytes, int *threads) {
  size_t size;
  void *data = NULL;
  if (!__builtin_mul_overflow(bytes, *threads, &size))
    data = scratch_take(size);
  if (data)
    return data;
  *threads = 1;
  return scratch_take((size_t)bytes);
}

static int64_t min(int64_t x, int64_t y) { return x < y ? x : y; }

void simplicialParallelForWithScratch(void (*body)(void *context, void *scratch,
                                                   int64_t lo, int64_t hi),
                                      void *context, int64_t count,
                                      int64_t scratch_bytes) {
  if (count <= 0)
    return;
  int threads = inside_body ? 1 : (int)min(simplicialThreadCount(), count);
  // Threads share no cache line.
  int64_t bytes =
      ceil_div(scratch_bytes, SCRATCH_ALIGNMENT) * SCRATCH_ALIGNMENT;
  char *scratch = bytes ? take_scratch(bytes, &threads) : NULL;
  if (bytes && !scratch) {
    launch_report(simplicialError(SIMPLICIAL_OUT_OF_MEMORY,
                                  "no %lld bytes for a thread's tiles",
                                  (long long)bytes));
    return;
  }
  if (threads == 1) {
    body(context, scratch, 0, count);
  } else {
    Job job = {.body = body,
               .context = context,
               .scratch = scratch,
               .scratch_bytes = bytes,
               .count = count};
    job.chunk_size = ceil_div(count, (int64_t)threads * CHUNKS_PER_THREAD);
    job.chunk_count = ceil_div(count, job.chunk_size);
    job.vacancies = (int)min(job.chunk_count, threads) - 1;
    run_job(&job);
  }
  scratch_give(scratch);
}

// A body that wants no scratch.
typedef struct Plain {
  void (*body)(void *context, int64_t lo, int64_t hi);
  void *context;
} Plain;

static void run_plain(void *plain, void *scratch, int64_t lo, int64_t hi) {
  (void)scratch;
  const Plain *p = plain;
  p->body(p->context, lo, hi);
}

void simplicialParallelFor(void (*body)(void *context, int64_t lo, int64_t hi),
                           void *context, int64_t count) {
  Plain plain = {body, context};
  simplicialParallelForWithScratch(run_plain, &plain, count, 0);
}

// SIMPLICIAL_NUM_THREADS if it is a positive integer, else the CPUs we may use.
static int default_thread_count(void) {
  const char *text = getenv("SIMPLICIAL_NUM_THREADS");
  char *end = NULL;
  long count = text ? strtol(text, &end, 10) : 0;
  cpu_set_t cpus;
  if (count < 1 || *end != '\0')
    count = sched_getaffinity(0, sizeof cpus, &cpus) == 0
                ? CPU_COUNT(&cpus)
                : sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : count < MAX_THREADS ? (int)count : MAX_THREADS;
}

void simplicialSetThreadCount(int count) {
  if (count < 1)
    count = default_thread_count();
  pool.thread_count = count < MAX_THREADS ? count : MAX_THREADS;
}

int simplicialThreadCount(void) {
  int unset = 0;
  if (pool.thread_count == unset)
    atomic_compare_exchange_strong(&pool.thread_count, &unset,
                                   default_thread_count());
  return pool.thread_count;
}
