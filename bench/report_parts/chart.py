"""Bars on a logarithmic axis: how many times faster than each peer, for each kernel."""
import html
import math

COLOURS = {"torch_lean_tuned": "#1f5fa8", "torch_trl_tuned": "#6fa3d8", "torch_lean_default": "#b5482a",
           "torch_trl_default": "#e2977f", "eigen": "#3f8f5f", "xtensor": "#8fbf6f", "naive": "#8a8a8a"}
LABELS = {"torch_lean_tuned": "LibTorch lean, tuned", "torch_trl_tuned": "LibTorch as TRL, tuned",
          "torch_lean_default": "LibTorch lean, default", "torch_trl_default": "LibTorch as TRL, default",
          "eigen": "Eigen", "xtensor": "xtensor", "naive": "naive loop"}
LEFT, RIGHT, TOP, BAR, GAP, WIDTH = 190, 60, 96, 11, 14, 900


def shown_rows(rows):
    """One row for each kernel: float, one thread, the largest problem."""
    best = {}
    for row in rows:
        if row.dtype == "float" and row.threads == 1 and row.ratio and not row.kernel.endswith("_huge_pages"):
            if row.kernel not in best or math.prod(row.shape) > math.prod(best[row.kernel].shape):
                best[row.kernel] = row
    return list(best.values())


def bar_chart(rows):
    shown = [(row, [p for p in COLOURS if p in row.ratio]) for row in shown_rows(rows)]
    ratios = [row.ratio[p] for row, peers in shown for p in peers] or [1]
    low = min(0, math.floor(math.log10(min(ratios))))
    high = max(1, math.ceil(math.log10(max(ratios))))

    def x(ratio):
        return LEFT + (math.log10(ratio) - low) / (high - low) * (WIDTH - LEFT - RIGHT)
    body, y = [], TOP
    for row, peers in shown:
        middle = y + BAR * len(peers) / 2
        body.append(f'<text x="{LEFT - 10}" y="{middle}" text-anchor="end" font-weight="600">{row.kernel}</text>')
        body.append(f'<text x="{LEFT - 10}" y="{middle + 13}" text-anchor="end" font-size="10" fill="#666">'
                    f'{" × ".join(map(str, row.shape))}</text>')
        for peer in peers:
            ratio = row.ratio[peer]
            begin, end = sorted((x(1), x(ratio)))
            body.append(f'<rect x="{begin:.1f}" y="{y}" width="{max(0.5, end - begin):.1f}" height="{BAR - 1}" '
                        f'fill="{COLOURS[peer]}"/>')
            at = (end + 4, "start") if ratio >= 1 else (begin - 4, "end")
            body.append(f'<text x="{at[0]:.1f}" y="{y + BAR - 2}" font-size="10" text-anchor="{at[1]}">{ratio:.3g}</text>')
            y += BAR
        y += GAP + max(0, 2 * BAR - BAR * len(peers))
    return frame(axis(x, low, high, y) + body, legend({p for _, peers in shown for p in peers}), y + 24)


def axis(x, low, high, bottom):
    lines = []
    for power in range(low, high + 1):
        for factor in (1, 2, 5):
            value = factor * 10.0**power
            if value > 10.0**high:
                continue
            strong = "#444" if value == 1 else "#e4e4e4"
            lines.append(f'<line x1="{x(value):.1f}" y1="{TOP - 8}" x2="{x(value):.1f}" y2="{bottom}" stroke="{strong}"/>')
            lines.append(f'<text x="{x(value):.1f}" y="{TOP - 12}" text-anchor="middle" font-size="10" fill="#666">'
                         f'{value:g}</text>')
    return lines


def legend(peers):
    lines, at = [], LEFT
    for i, peer in enumerate(p for p in COLOURS if p in peers):
        column, line = i % 4, i // 4
        at, y = LEFT + column * 170, 46 + 16 * line
        lines.append(f'<rect x="{at}" y="{y - 9}" width="10" height="10" fill="{COLOURS[peer]}"/>')
        lines.append(f'<text x="{at + 15}" y="{y}" font-size="11">{html.escape(LABELS[peer])}</text>')
    return lines


def frame(body, legend_lines, height):
    title = ('<text x="20" y="24" font-size="15" font-weight="600">Times faster than peers: one thread, float, '
             'logarithmic axis</text>')
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
                      f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
                      f'<rect width="{WIDTH}" height="{height}" fill="white"/>', title, *legend_lines, *body, "</svg>\n"])
