// expect: deleted (member )?function
#include <reft/policy/token_batch.hpp>

#include <vector>

int main() { auto rows = reft::token_batch().responses(); }
