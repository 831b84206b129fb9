// All that <reft/reft.hpp> may include besides its own headers and those of the compiler.
#include <stdlib.h>  // by the compiler's intrinsics

#include <bits/stdc++.h>
