/// Replaces the weak function of CShims in a program that links this target; Scripts/build names the commit.
const char *_Nonnull ptrain_commit(void);
