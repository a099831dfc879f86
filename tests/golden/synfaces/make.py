"""Synthetic faces by NumPy: an own prototype of data/synface.h, written before it, on which its numbers were chosen.

    python3 make.py >faces-32.u8

writes 12 pictures of 32 x 32 x 3 bytes: domains 0 to 3, of each a live face (video 0), a print (video 1) and a
screen (video 3), subject 3, frame 2, seed 5, delta .7, kappa .6. Needs NumPy (made with 2.x; nothing in it is
random but the project's own counter-based numbers, base/rng.c, which are written out below).
"""
import sys

import numpy as np

OUT = 32
S = 2 * OUT
MARGIN = int(np.ceil(0.08 * S))
N = S + 2 * MARGIN
M64 = 2**64 - 1


# --- base/rng.c: Philox 4x32-10, key = seed, counter = (index, stream) ---------------------------------------
def mixed(x):
    x = ((x ^ x >> 30) * 0xBF58476D1CE4E5B9) & M64
    x = ((x ^ x >> 27) * 0x94D049BB133111EB) & M64
    return x ^ x >> 31


def stream(purpose, a, b):
    h = 0xCBF29CE484222325
    for c in purpose.encode():
        h = ((h ^ c) * 0x100000001B3) & M64
    g = 0x9E3779B97F4A7C15
    return mixed((mixed((h + g * a) & M64) + g * b) & M64)


def philox(seed, stream_number, index):
    """Two arrays of 64 bits for an array of indices."""
    m = np.uint64(0xFFFFFFFF)
    s = np.uint64(32)
    c = [index & m, index >> s, np.full_like(index, stream_number & 0xFFFFFFFF),
         np.full_like(index, stream_number >> 32)]
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(p1 >> s) ^ c[1] ^ np.uint64(k0), p1 & m, (p0 >> s) ^ c[3] ^ np.uint64(k1), p0 & m]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c[0] | c[1] << s, c[2] | c[3] << s


class Draw:
    def __init__(self, seed, stage, dom, sub, vid=0, frame=0):
        self.seed, self.stream, self.next = seed, stream(stage, dom << 32 | sub, vid << 32 | frame), 0

    def bits(self, n):
        index = np.arange(self.next, self.next + n, dtype=np.uint64)
        self.next += n
        return philox(self.seed, self.stream, index)

    def integers(self, n):
        return int(self.bits(1)[0][0]) * n >> 64

    def uniform(self, lo, hi, n=None):
        u = lo + (hi - lo) * ((self.bits(n or 1)[0] >> np.uint64(11)).astype(float) * 2.0**-53)
        return u if n else u[0]

    def normal(self, deviation, n=None):
        a, b = self.bits(n or 1)
        u = ((a >> np.uint64(11)) + np.uint64(1)).astype(float) * 2.0**-53
        v = (b >> np.uint64(11)).astype(float) * 2.0**-53
        x = deviation * np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)
        return x if n else x[0]


# --- the faces -----------------------------------------------------------------------------------------------
def grid(n, lo, hi):
    return np.meshgrid(np.linspace(lo, hi, n), np.linspace(lo, hi, n), indexing="ij")


def bilinear(im, y, x):
    h, w = im.shape[:2]
    y, x = np.clip(y, 0, h - 1.001), np.clip(x, 0, w - 1.001)
    y0, x0 = y.astype(int), x.astype(int)
    fy, fx = (y - y0)[..., None], (x - x0)[..., None]
    return (im[y0, x0] * (1 - fy) * (1 - fx) + im[y0, x0 + 1] * (1 - fy) * fx + im[y0 + 1, x0] * fy * (1 - fx)
            + im[y0 + 1, x0 + 1] * fy * fx)


def noise(g, n, cells, octaves, falloff):
    out, height = np.zeros((n, n)), 1.0
    for i in range(octaves):
        m = cells * 2**i + 2
        out += height * bilinear(g.normal(1, m * m).reshape(m, m, 1), *grid(n, 0, m - 2))[..., 0]
        height *= falloff
    return out / np.sqrt(sum(falloff ** (2 * i) for i in range(octaves)))


SKIN = np.array([[.87, .66, .54], [.80, .57, .44], [.68, .46, .34], [.53, .35, .25], [.38, .25, .18], [.25, .16, .12]])


def subject(seed, dom, sub):
    g = Draw(seed, "synface subject", dom, sub)
    p = dict(skin=SKIN[g.integers(6)] * g.uniform(.92, 1.08, 3), ax=g.uniform(.33, .40), ay=g.uniform(.43, .50),
             eye=g.uniform(.13, .17), eyey=g.uniform(-.14, -.08), mouth=g.uniform(.10, .16),
             mouthy=g.uniform(.20, .27), nose=g.uniform(.05, .08))
    p["hair"] = g.uniform(.03, .35) * np.array([1, .85, .7])
    p["tex"] = noise(g, N, 8, 4, .65)
    p["brow"] = g.uniform(.02, .035)
    return p


def scene(seed, dom, sub, vid, frame):
    D, P = DOM[dom], subject(seed, dom, sub)
    g, f = Draw(seed, "synface video", dom, sub, vid), Draw(seed, "synface frame", dom, sub, vid, frame)
    L = np.array([np.sin(D["laz"]) * .8 + g.normal(.15), -.4 + g.normal(.15), .9])
    L /= np.linalg.norm(L)
    bg = np.clip(.35 + .18 * noise(g, N, D["bg"], 3, .6), .02, 1)[..., None] * g.uniform(.7, 1.1, 3)
    edge = .6 + MARGIN * 1.2 / (S - 1)
    yy, xx = grid(N, -edge, edge)
    a, dx, dy = f.normal(.05), f.normal(.015), f.normal(.015)
    c, s = np.cos(a), np.sin(a)
    X, Y = c * (xx - dx) - s * (yy - dy), s * (xx - dx) + c * (yy - dy)
    e = (X / P["ax"])**2 + (Y / P["ay"])**2
    m = (1 / (1 + np.exp((e - 1) * 18)))[..., None]
    nx, ny, nz = X / P["ax"] * .9, Y / P["ay"] * .9, np.sqrt(np.clip(1 - e, .02, 1))
    bump = np.exp(-(X / P["nose"])**2 - ((Y - .05) / .13)**2) * .35
    gy, gx = np.gradient(bump, 1.2 / S)
    nx, ny = nx - gx * .18, ny - gy * .18
    n = np.sqrt(nx * nx + ny * ny + nz * nz)
    nx, ny, nz = nx / n, ny / n, nz / n
    towards = nx * L[0] + ny * L[1] + nz * L[2]
    lam, sp = np.clip(towards, 0, 1), np.clip(2 * towards * nz - L[2], 0, 1)**25
    alb = P["skin"][None, None] * (1 + .10 * P["tex"][..., None])

    def blend(alb, b, colour):
        return alb * (1 - b[..., None]) + b[..., None] * colour

    def spot(x0, y0, sx, sy):
        return np.exp(-(((X - x0) / sx)**2 + ((Y - y0) / sy)**2)**2)

    for side in (-1, 1):
        alb = blend(alb, spot(side * P["eye"], P["eyey"], .065, .03), np.array([.9, .9, .88]))
        alb = blend(alb, spot(side * P["eye"], P["eyey"], .026, .028), .06)
        alb = blend(alb, spot(side * P["eye"], P["eyey"] - .075, .085, P["brow"]), P["hair"])
    alb = blend(alb, spot(0, P["mouthy"], P["mouth"], .028), P["skin"] * np.array([.85, .45, .45]))
    alb = blend(alb, 1 / (1 + np.exp(-(-Y - P["ay"] * .62) * 60)) * .97, P["hair"])
    face = alb * (D["amb"] + (1 - D["amb"]) * lam)[..., None] + D["spec"] * sp[..., None]
    return np.clip(m * face + (1 - m) * bg, 0, 1)


def screened(im, period, angle, share):
    n = im.shape[0]
    yy, xx = np.mgrid[0:n, 0:n]
    out = im.copy()
    for c, degrees in enumerate((15, 75, 45)):
        th = np.deg2rad(angle + degrees)
        u = (np.cos(th) * xx + np.sin(th) * yy) * 2 * np.pi / period
        v = (-np.sin(th) * xx + np.cos(th) * yy) * 2 * np.pi / period
        t = .5 + .25 * (np.cos(u) + np.cos(v))
        out[..., c] = (1 - share) * im[..., c] + share / (1 + np.exp(-(im[..., c] - t) * 9))
    return out


def light(im, kind, seed, dom, sub, vid, frame, delta):
    D = DOM[dom]
    big = bilinear(im, *grid(2 * N, 0, N - 1))
    inner = slice(2 * MARGIN, 2 * MARGIN + 2 * S)
    if kind == "live":
        return big[inner, inner]
    g, f = Draw(seed, "synface attack", dom, sub, vid), Draw(seed, "synface pose", dom, sub, vid, frame)
    if kind == "print":
        b = screened(big, D["dot"] * g.uniform(.95, 1.05), g.uniform(-4, 4), .55 * delta)
        b = b * (1 - .22 * delta) + .10 * delta
        grey = b.mean(-1, keepdims=True)
        b = (grey + (b - grey) * (1 - .30 * delta)) * (1 + delta * .03 * noise(g, 2 * N, 48, 2, .7)[..., None])
    else:
        p, th = D["pix"] * g.uniform(.97, 1.03), np.deg2rad(g.uniform(-5, 5))
        yy, xx = np.mgrid[0:2 * N, 0:2 * N]
        u, v = (np.cos(th) * xx + np.sin(th) * yy) / p, (-np.sin(th) * xx + np.cos(th) * yy) / p
        mask = np.stack([1 + delta * .9 * np.cos(2 * np.pi * (u - c / 3)) for c in range(3)], -1)
        b = big * mask * (1 + delta * .35 * np.cos(2 * np.pi * v))[..., None]
        b = b @ (np.eye(3) + delta * np.array([[-.03, .01, 0], [0, -.02, .02], [0, .03, .10]]))
        b = b + delta * .10 * np.clip(noise(g, 2 * N, 2, 2, .5), 0, None)[..., None] * np.array([.9, 1, 1.1])
    h = f.normal(.01 * delta, 4)
    yy, xx = grid(2 * N, -1, 1)
    w = 1 + h[0] * xx + h[1] * yy
    return bilinear(b, ((yy + h[2] * xx) / w + 1) * .5 * (2 * N - 1),
                    ((xx + h[3] * yy) / w + 1) * .5 * (2 * N - 1))[inner, inner]


def blur(im, s):
    r = int(np.ceil(3 * s))
    k = np.exp(-.5 * (np.arange(-r, r + 1) / s)**2)
    k /= k.sum()
    p = np.pad(im, ((r, r), (0, 0), (0, 0)), "edge")
    im = sum(k[i] * p[i:i + im.shape[0]] for i in range(2 * r + 1))
    p = np.pad(im, ((0, 0), (r, r), (0, 0)), "edge")
    return sum(k[i] * p[:, i:i + im.shape[1]] for i in range(2 * r + 1))


C = np.array([[np.sqrt((1 if u == 0 else 2) / 8) * np.cos((2 * x + 1) * u * np.pi / 16) for x in range(8)]
              for u in range(8)])
Q0 = np.array([16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17,
               22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78,
               87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99.]).reshape(8, 8)


def coded(im, q):
    s = 5000 / q if q < 50 else 200 - 2 * q
    Q = np.clip(np.floor((Q0 * s + 50) / 100), 1, 255)
    b = im.reshape(OUT // 8, 8, OUT // 8, 8, 3).transpose(0, 2, 4, 1, 3) - 128
    d = np.round(C @ b @ C.T / Q) * Q
    return (C.T @ d @ C + 128).transpose(0, 3, 1, 4, 2).reshape(OUT, OUT, 3)


def camera(im, label, seed, dom, sub, vid, frame, kappa):
    D, f = DOM[dom], Draw(seed, "synface camera", dom, sub, vid, frame)
    im = blur(im, D["sig"] * 4).reshape(OUT, 4, OUT, 4, 3).mean((1, 3))
    sign = 1 if label else -1
    im = im * np.array(D["wb"]) * (1 + kappa * D["sgn"] * sign * np.array([.06, 0, -.06]))
    im = im * D["gain"] * (1 + kappa * D["esgn"] * sign * .08)
    im = im + f.normal(1, im.size).reshape(im.shape) * np.sqrt(D["na"] * np.clip(im, 0, None) + D["nb"]**2)
    im = np.clip(im, 0, 1)**(1 / D["gam"])
    return np.clip(coded(im * 255, D["q"]) + .5, 0, 255).astype(np.uint8)


DOM = [
    dict(laz=-.5, amb=.45, spec=.15, bg=3, sig=.45, wb=(1.0, 1.0, 1.0), gain=.95, na=.0004, nb=.004, gam=2.2, q=92,
         dot=4.6, pix=3.1, sgn=+1, esgn=+1),
    dict(laz=.6, amb=.60, spec=.08, bg=6, sig=.80, wb=(1.08, 1.0, .90), gain=.80, na=.0010, nb=.008, gam=2.0, q=75,
         dot=5.6, pix=3.9, sgn=+1, esgn=-1),
    dict(laz=0., amb=.35, spec=.22, bg=2, sig=.55, wb=(.92, 1.0, 1.10), gain=1.10, na=.0006, nb=.006, gam=2.4, q=85,
         dot=3.9, pix=2.6, sgn=+1, esgn=+1),
    dict(laz=1.0, amb=.50, spec=.12, bg=4, sig=.70, wb=(1.03, .97, 1.0), gain=.90, na=.0014, nb=.010, gam=2.2, q=65,
         dot=5.1, pix=3.4, sgn=-1, esgn=-1)
]


def sample(seed, dom, sub, vid, frame, kind, delta, kappa):
    im = scene(seed, dom, sub, vid, frame)
    return camera(light(im, kind, seed, dom, sub, vid, frame, delta), kind == "live", seed, dom, sub, vid, frame, kappa)


if __name__ == "__main__":
    for dom in range(4):
        for vid, kind in ((0, "live"), (1, "print"), (3, "replay")):
            sys.stdout.buffer.write(sample(5, dom, 3, vid, 2, kind, .7, .6).tobytes())
