#ifndef PTRAIN_COMMIT
#define PTRAIN_COMMIT ""
#endif

const char *ptrain_commit(void) { return PTRAIN_COMMIT; }
