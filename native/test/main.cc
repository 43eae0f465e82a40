// The entry of the native tests: doctest's own, with its options (--test-case=..., --list-test-cases).
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
