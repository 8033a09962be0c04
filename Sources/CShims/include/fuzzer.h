// libFuzzer's entry point; only the fuzz target, which is built with -sanitize=fuzzer, links it.
#ifndef PTRAIN_FUZZER_H
#define PTRAIN_FUZZER_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(
    int *argument_count, char ***arguments, int (*test)(const uint8_t *bytes, size_t count));

#endif
