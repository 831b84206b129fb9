// All that <reft/reft.hpp> may include besides its own headers and those of the compiler.
#include <bits/stdc++.h>
