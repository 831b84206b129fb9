# What Doxygen is shown of a header. Lines keep their numbers.

# The inline namespaces are not part of any name.
s/^(\} *\/\/ *)?namespace (reft[a-z:]*)::inline REFT_(ABI|ISA)/\1namespace \2/
s/::inline REFT_(ABI|ISA)//

# What a header says of itself in front of #pragma once.
1s|^// |/// @file_comment |
1,/^#pragma once/s|^// |/// |

# Equations stand as they are written: three spaces become a code block.
s|^( *///)   ([^ ])|\1       \2|

# The fields of a comment become paragraphs with a title.
s#^( *///) (Shapes|Units|Masking|Gradient|Statistics|Degenerate|Aliasing|Workspace|Precision|Returns|Errors|Source|Differs) +#\1 @field{\2} #

# The file of loops that a header includes is no name of the library.
s|^#define REFT_LOOPS .*||

# What follows the parameters of a template.
/^template </ {
    N
    # Doxygen 1.9.4 does not know concepts: they are shown as variables.
    s/\nconcept ([a-z_0-9]+) =/\nCONCEPT \1 =/
    # A deduction guide is no name: it needs no comment and is left out.
    /\n[a-z_]+\(/ {
        :guide
        /;$/! { N; b guide }
        s/[^\n]//g
    }
}
