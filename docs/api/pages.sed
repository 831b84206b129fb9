# What Doxygen is shown of a page in Markdown: links to headers lead into the reference, links to files that are not part
# of it become plain text.
s#!\[[^]]*\]\((docs/)?([a-z_]+\.svg)\)#@image html \2#
s#\[([^]]*)\]\((\.\./)*include/(reft/[a-z0-9_/]+\.hpp)\)#@ref \3 "\1"#g
s#\[([^]]*)\]\((\.\./)*(include|tests|bench|examples|packaging|[A-Z]+\.(md|cff))[^)]*\)#\1#g
# In-page links: this Doxygen gives headings no names.
s@\[([^]]*)\]\(#[^)]*\)@\1@g
