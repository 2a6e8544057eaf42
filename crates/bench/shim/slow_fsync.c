/* Adds a millisecond to each fsync and fdatasync of a program started with this in LD_PRELOAD, to simulate the disk
   of a cloud machine on a machine whose own disk is faster. */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void wait_a_millisecond(void) { nanosleep(&(struct timespec){0, 1000000}, 0); }
int fsync(int file) { wait_a_millisecond(); return (int)syscall(SYS_fsync, file); }
int fdatasync(int file) { wait_a_millisecond(); return (int)syscall(SYS_fdatasync, file); }
