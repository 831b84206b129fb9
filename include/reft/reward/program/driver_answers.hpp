// The Python source of a worker, its second part: reading a program, running it, and what its result is.
#pragma once

#include <reft/core/config.hpp>

namespace reft::inline REFT_ABI::detail {

/// Goes after program_driver_isolation. `answer_of` runs in the fork, under all limits; what else is here is called by it.
inline constexpr const char* program_driver_answers = R"python(
FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*$", re.MULTILINE)
START = re.compile(r"^(?:def|import|from)[ \t]", re.MULTILINE)
RATIO = re.compile(r"([-+]?[0-9]+)[ ]?/[ ]?([0-9]+)")
NUMBER = re.compile(r"(?<![\w.])(?:(?<![)\]])[-+])?(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]*)?"
                    r"(?:[eE][-+]?[0-9]+)?|(?<![\w.])[-+]?\.[0-9]+(?:[eE][-+]?[0-9]+)?")

class Output(io.TextIOBase):
    """Standard output: kept as it is, up to the limit."""
    def __init__(self):
        self.parts, self.size = [], 0
    def writable(self):
        return True
    def write(self, text):
        self.size += len(text)
        if self.size > OUTPUT:
            finish(failure("output", "it printed more than %d characters" % OUTPUT))
        self.parts.append(str(text))
        return len(text)

def finish(result):
    """Ends at once, whatever the program would do about an exception."""
    os.write(3, result[0] + result[1])
    os._exit(0)

def candidates(text):
    """Where the program may be: inside the first fence, before it, the whole text, from the first line of code on."""
    fence = FENCE.search(text)
    if fence:
        end = FENCE.search(text, fence.end())
        yield text[fence.end() : end.start() if end else len(text)]
        yield text[: fence.start()]
    yield text
    start = START.search(text)
    if start:
        yield text[start.start() :]

def longest_program(text):
    """The longest beginning of a text that is a program and ends at a blank line, or at the end. SyntaxError if none."""
    lines = text.strip("\n").expandtabs().split("\n") if text[:1] == "\t" else text.strip("\n").split("\n")
    indentation = len(lines[0]) - len(lines[0].lstrip(" "))
    if indentation:
        lines = [line[indentation:] if line[:indentation].isspace() else line for line in lines]
    first = None
    while True:
        try:
            tree = ast.parse("\n".join(lines))
            return tree, compile(tree, "<program>", "exec")
        except SyntaxError as error:
            first = first or error
            end = min(error.lineno or len(lines), len(lines))
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error) or type(error).__name__)
        # What includes the line of the error has the same error.
        blank = next((i for i in range(end - 1, 0, -1) if not lines[i].strip()), 0)
        if blank == 0:
            raise first
        del lines[blank:]

def program(text):
    """The code of the first candidate that does something, or of the first that can be read."""
    idle, first = None, None
    for candidate in candidates(text):
        try:
            tree, code = longest_program(candidate)
        except SyntaxError as error:
            first = first or error
            continue
        if any(not isinstance(node, ast.Expr) or isinstance(node.value, ast.Call) for node in tree.body):
            return code
        if tree.body:
            first = first or SyntaxError("a value and no program")
        else:
            idle = idle or code
    if first and not idle:
        raise first
    return idle

class TooLong(Exception):
    pass

def rounded(value):
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf

def number(value):
    """(double, exact spelling), or None for what is no number."""
    if isinstance(value, int): # and bool
        if value.bit_length() > 3.3219 * OUTPUT + 64:
            raise TooLong # before the time that spelling it takes
        return rounded(value), str(int(value))
    if isinstance(value, float):
        return float(value), repr(float(value))
    if isinstance(value, (Fraction, Decimal)):
        return rounded(value), str(value)
    if isinstance(value, str):
        text = value.strip()
        if len(text) > OUTPUT:
            raise TooLong
        double = float(text)
        try:
            text = str(int(text))
        except ValueError:
            pass
        return double, text
    if value is None or isinstance(value, (complex, tuple, list, dict, set, frozenset, bytes, bytearray)):
        return None
    if getattr(value, "is_Rational", False):                # sympy
        return number(Fraction(int(value.p), int(value.q)))
    if hasattr(value, "dtype") and hasattr(value, "item"):  # numpy
        if getattr(value, "shape", ()) != ():
            return None
        item = value.item()
        if type(item) is not type(value):
            return number(item)
    return float(value), repr(float(value))

def checked(value):
    try:
        result = number(value)
    except (TypeError, ValueError, ArithmeticError, AttributeError):
        return None
    return None if result is None or math.isnan(result[0]) else result

def printed_number(text):
    """The last number of the last printed line that has one; a line that is a fraction is one number."""
    for line in reversed(text.splitlines()):
        line = line.strip()
        result = checked(line)
        if result:
            return result
        ratio = RATIO.fullmatch(line)
        if ratio and int(ratio[2]) != 0:
            return checked(Fraction(int(ratio[1]), int(ratio[2])))
        found = NUMBER.findall(line)
        if found:
            return checked(found[-1].replace(",", "").rstrip("."))
    return None

def raised(error):
    if isinstance(error, MemoryError):
        return failure("memory", "it wanted more than %d bytes" % MEMORY)
    try:
        text = "%s: %s" % (type(error).__name__, str(error)[:200])
    except BaseException:
        text = type(error).__name__
    return failure("exception", text)

def leave(*_):
    raise SystemExit

def answer_of(source):
    """Runs a program: ("A", double and spelling) or ("F", failure and message)."""
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    text = source.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    try:
        code = program(text)
    except SyntaxError as error:
        return failure("syntax", str(error)[:200])
    import builtins
    builtins.exit = builtins.quit = leave
    output = Output()
    sys.stdout = sys.__stdout__ = output
    main = type(sys)("__main__")
    sys.modules["__main__"] = main
    names = main.__dict__
    names["math"] = math
    for name in ("sympy", "numpy"):
        if name in sys.modules and name in text:
            names[name] = sys.modules[name]
    value, has_value = None, False
    try:
        try:
            exec(code, names)
        except SystemExit:
            pass
        try:
            if callable(names.get("solution")):
                value, has_value = names["solution"](), True
        except SystemExit:
            pass
        if not has_value and "ans" in names:
            value, has_value = names["ans"], True
        if has_value:
            result = checked(value)
        else:
            result = printed_number("".join(output.parts))
    except TooLong:
        return failure("output", "its result has more than %d characters" % OUTPUT)
    except BaseException as error:
        return raised(error)
    if result:
        spelled = ("%s\n%s" % (repr(result[0]), result[1])).encode("utf-8", "replace")
        if len(spelled) > OUTPUT:
            return failure("output", "its result has more than %d characters" % OUTPUT)
        return b"A", spelled
    if not has_value and not output.parts:
        return failure("no_result", "no solution(), no ans, nothing printed")
    try:
        shown = repr(value)[:100] if has_value else "".join(output.parts)[-100:]
    except BaseException:
        shown = ""
    return failure("not_a_number", "%s: %s" % (type(value).__name__, shown) if has_value else shown)

serve()
)python";

}  // namespace reft::inline REFT_ABI::detail
