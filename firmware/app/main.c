#include <stddef.h>
#include <stdint.h>

#include "ectopy/board.h"
#include "session.h"
#include "stats.h"

/* Answers requests until the link is closed. Waiting for the next byte is the only wait without an
 * end. */
int main(void) {
    static uint8_t received[1024];
    ect_status_t status = ect_board_init();
    ect_stats_paint_stack();
    ect_session_init();
    while (status != ECT_E_CLOSED) {
        size_t bytes = 0;
        status = ect_board_read(received, sizeof received, &bytes, ECT_WAIT_FOREVER);
        if (status == ECT_OK) {
            ect_session_receive(received, bytes);
        }
    }
    return 0;
}
