// The commit that a program was built from.
#ifndef PTRAIN_COMMIT_H
#define PTRAIN_COMMIT_H

/// Its abbreviated id, with "+" behind it where files had been changed; "" where nobody said it.
const char *_Nonnull ptrain_commit(void);

#endif
