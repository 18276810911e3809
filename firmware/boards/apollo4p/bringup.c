#include "bringup.h"

#include "text.h"
#include "vendor.h"

#define HP_HZ 192000000u
#define LP_HZ 96000000u

#if ECT_CPU_HZ == 192000000
#define WANTED_MODE AM_HAL_PWRCTRL_MCU_MODE_HIGH_PERFORMANCE
#elif ECT_CPU_HZ == 96000000
#define WANTED_MODE AM_HAL_PWRCTRL_MCU_MODE_LOW_POWER
#else
#error ECT_CPU_HZ is 192000000 (CLOCK=hp) or 96000000 (CLOCK=lp)
#endif

/* PWRCTRL MCUPERFREQ, bits 4:3: the mode that the hardware is in. The HAL's own status function
 * only repeats what was asked for last, which after a soft reset need not be what runs. */
#define MCUPERFREQ        0x40021000u
#define MCUPERF_MODE(r)   (((r) >> 3) & 3u)
#define MCUPERF_MODE_LOW  1u
#define MCUPERF_MODE_HIGH 2u

static const am_hal_pwrctrl_sram_memcfg_t NO_SHARED_SRAM = {
    .eSRAMCfg = AM_HAL_PWRCTRL_SRAM_NONE,
    .eActiveWithMCU = AM_HAL_PWRCTRL_SRAM_NONE,
    .eActiveWithGFX = AM_HAL_PWRCTRL_SRAM_NONE,
    .eActiveWithDISP = AM_HAL_PWRCTRL_SRAM_NONE,
    .eActiveWithDSP = AM_HAL_PWRCTRL_SRAM_NONE,
    .eSRAMRetain = AM_HAL_PWRCTRL_SRAM_NONE,
};

static ect_text_t failure;

/* Keeps the first failure: what follows may only be its consequence. */
static void fail(const char *step, const char *how, uint32_t value) {
    if (failure.characters[0] == '\0') {
        ect_text_add(&failure, step);
        ect_text_add(&failure, how);
        ect_text_add_hex(&failure, value);
    }
}

static void expect(const char *step, uint32_t status) {
    if (status != AM_HAL_STATUS_SUCCESS) {
        fail(step, " failed with HAL status ", status);
    }
}

static uint32_t running_hz(uint32_t perfreq) {
    switch (MCUPERF_MODE(perfreq)) {
    case MCUPERF_MODE_HIGH:
        return HP_HZ;
    case MCUPERF_MODE_LOW:
        return LP_HZ;
    default:
        return 0;
    }
}

static void select_clock(void) {
    const uint32_t status = am_hal_pwrctrl_mcu_mode_select(WANTED_MODE);
    const bool no_buck = status == AM_HAL_STATUS_INVALID_OPERATION;
    expect(no_buck ? "192 MHz without the SIMO buck" : "the choice of the clock", status);
}

const char *ect_bringup(uint32_t *cpu_hz) {
    failure.characters[0] = '\0';
    am_bsp_low_power_init(); /* powers MRAM, TCM and cache, starts the SIMO buck */
    am_hal_pwrctrl_sram_memcfg_t sram = NO_SHARED_SRAM;
    expect("shared SRAM off", am_hal_pwrctrl_sram_config(&sram));
    expect("cache set-up", am_hal_cachectrl_config(&am_hal_cachectrl_defaults));
    expect("cache on", am_hal_cachectrl_enable());
    am_hal_sysctrl_fpu_enable();
    am_hal_sysctrl_fpu_stacking_enable(true);
    select_clock();
    const uint32_t perfreq = AM_REGVAL(MCUPERFREQ);
    *cpu_hz = running_hz(perfreq);
    if (*cpu_hz != ECT_CPU_HZ) {
        fail("the processor runs in another mode than chosen", ": MCUPERFREQ ", perfreq);
    }
    return failure.characters;
}
