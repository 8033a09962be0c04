/* From reset to main on the emulated board; see Scripts/check-device. */
#include <stdint.h>
#include <stdlib.h>

int main(void);
void initialise_monitor_handles(void);
extern uint32_t stack_top;

static void reset(void)
{
    initialise_monitor_handles();
    exit(main());
}

static void fault(void) { abort(); }

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    &stack_top, (const void *)reset, (const void *)fault, (const void *)fault,
};

/* The Swift runtime's names for what the C library has or a board gives. */
uintptr_t __stack_chk_guard = 0x5ca1ab1e;
void __stack_chk_fail(void) { abort(); }
