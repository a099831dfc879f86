/*
 * winograd_gradient.h - the gradient by filters; a part of winograd_kernels.h, whose names it uses.
 *
 *     V [f][t][C]   B^T d B
 *     P [f][t][K]   A dY A^T
 *     D [f][panels of output channels][C][panel]   sum_t V P, in the order of tiles, over all images of a call
 *     dg = G^T D G
 * SPDX-License-Identifier: MIT
 */

/* ---- gradients of tiles --------------------------------------------------------------------------- */

/* t = A y */
INLINE void transform_gradient(const vec y[OUT], vec t[SIDE])
{
    vec a = y[0] + y[2], b = y[1] + y[3], c = y[0] + 4.0F * y[2], d = 2.0F * y[1] + 8.0F * y[3];
    t[0] = y[0];
    t[1] = a + b;
    t[2] = a - b;
    t[3] = c + d;
    t[4] = c - d;
    t[5] = y[3];
}

INLINE void gradient_tile(const float *from, int64_t row, float *to, int64_t plane)
{
    vec half[SIDE][OUT], y[OUT], t[SIDE];
    UNROLL
    for (int j = 0; j < OUT; j++) {
        UNROLL
        for (int i = 0; i < OUT; i++)
            y[i] = load(from + i * row + j * LANES);
        transform_gradient(y, t);
        UNROLL
        for (int i = 0; i < SIDE; i++)
            half[i][j] = t[i];
    }
    UNROLL
    for (int i = 0; i < SIDE; i++) {
        transform_gradient(half[i], t);
        UNROLL
        for (int j = 0; j < SIDE; j++)
            store(to + (i * SIDE + j) * plane, t[j]);
    }
}

/* A tile that reaches over the border, zeros there. */
static void copy_gradient(const cpu_winograd *w, const float *image, int64_t y, int64_t x, float *to)
{
    for (int64_t i = y; i < y + OUT; i++)
        for (int64_t j = x; j < x + OUT; j++, to += LANES)
            store(to, i < w->h && j < w->w ? load(image + (i * w->w + j) * LANES) : (vec){0});
}

/* The tile at pixel (y, x), all channels. */
static void gradient_channels(const cpu_winograd *w, const float *image, int64_t y, int64_t x, float *to)
{
    float copy[OUT * OUT * LANES];
    bool inside = y + OUT <= w->h && x + OUT <= w->w;
    for (int64_t k = 0; k < w->kp; k += LANES, image += w->h * w->w * LANES) {
        const float *from = copy;
        if (inside)
            from = image + (y * w->w + x) * LANES;
        else
            copy_gradient(w, image, y, x, copy);
        gradient_tile(from, (inside ? w->w : OUT) * LANES, to + k, w->m_plane);
    }
}

/* ---- products --------------------------------------------------------------------------------------- */

/* D = [D +] V P over the tiles, for CHANNELS input channels and a panel of so many vectors. */
INLINE void add_products(const float *v, const float *p, float *d, int64_t cp, int64_t kp, int64_t tiles, int vectors,
                         bool begins)
{
    vec sum[CHANNELS][2];
    UNROLL
    for (int c = 0; c < CHANNELS; c++) {
        sum[c][0] = begins ? (vec){0} : load(d + c * vectors * LANES);
        sum[c][1] = begins || vectors < 2 ? (vec){0} : load(d + (c * vectors + 1) * LANES);
    }
    for (int64_t t = 0; t < tiles; t++, v += cp, p += kp) {
        vec p0 = load(p), p1 = vectors > 1 ? load(p + LANES) : p0;
        UNROLL
        for (int c = 0; c < CHANNELS; c++) {
            sum[c][0] += v[c] * p0;
            if (vectors > 1)
                sum[c][1] += v[c] * p1;
        }
    }
    UNROLL
    for (int c = 0; c < CHANNELS; c++) {
        store(d + c * vectors * LANES, sum[c][0]);
        if (vectors > 1)
            store(d + (c * vectors + 1) * LANES, sum[c][1]);
    }
}

static void add_points(const cpu_winograd *w, const float *v, const float *p, float *d, int64_t tiles, bool begins)
{
    for (int f = 0; f < POINTS; f++, v += w->in_plane, p += w->m_plane, d += w->u_plane)
        for (int64_t k = 0; k < w->kp; k += 2 * LANES)
            for (int64_t c = 0; c < w->cp; c += CHANNELS) {
                if (k + LANES < w->kp)
                    add_products(v + c, p + k, d + k * w->cp + c * 2 * LANES, w->cp, w->kp, tiles, 2, begins);
                else
                    add_products(v + c, p + k, d + k * w->cp + c * LANES, w->cp, w->kp, tiles, 1, begins);
            }
}

/* ---- gradients of filters ------------------------------------------------------------------------------ */

/* o = G^T m */
INLINE void transform_back(const vec m[SIDE], vec o[3])
{
    vec s = m[1] + m[2], p = m[3] + m[4], sixth = s * (1.0F / 6);
    o[0] = 0.25F * m[0] - sixth + p * (1.0F / 24);
    o[1] = (m[2] - m[1]) * (1.0F / 6) + (m[3] - m[4]) * (1.0F / 12);
    o[2] = m[5] - sixth + p * (1.0F / 6);
}

/* One input channel and a vector of output channels, added to the nine taps at `to` or put there. */
INLINE void filter_gradient(const float *d, int64_t plane, float *to, bool begins)
{
    vec half[3][SIDE], m[SIDE], o[3];
    UNROLL
    for (int j = 0; j < SIDE; j++) {
        UNROLL
        for (int i = 0; i < SIDE; i++)
            m[i] = load(d + (i * SIDE + j) * plane);
        transform_back(m, o);
        UNROLL
        for (int i = 0; i < 3; i++)
            half[i][j] = o[i];
    }
    UNROLL
    for (int i = 0; i < 3; i++) {
        transform_back(half[i], o);
        UNROLL
        for (int j = 0; j < 3; j++)
            store(to + (i * 3 + j) * LANES, begins ? o[j] : o[j] + load(to + (i * 3 + j) * LANES));
    }
}

static void filter_gradients(const cpu_winograd *w, const float *d, float *to, bool begins)
{
    for (int64_t c = 0; c < w->cp; c++)
        for (int64_t k = 0; k < w->kp; k += LANES, to += 9 * LANES) {
            int64_t panel = k / (2 * LANES) * 2 * LANES, width = w->kp - panel < 2 * LANES ? LANES : 2 * LANES;
            filter_gradient(d + panel * w->cp + c * width + (k - panel), w->u_plane, to, begins);
        }
}

/* ---- all ------------------------------------------------------------------------------------------------- */

static void gradient(const cpu_winograd *w, const cpu_winograd_products *a)
{
    int64_t of_image = w->down * w->across, tiles = a->images * of_image;
    int64_t in = w->cp * w->h * w->w, out = w->kp * w->h * w->w;
    float *v = a->scratch, *p = v + POINTS * w->in_plane, *d = p + POINTS * w->m_plane;
    for (int64_t first = 0; first < tiles; first += w->batch) {
        int64_t n = tiles - first < w->batch ? tiles - first : w->batch;
        for (int64_t t = 0; t < n; t++) {
            int64_t image = (first + t) / of_image, tile = (first + t) % of_image;
            int64_t y = tile / w->across * OUT, x = tile % w->across * OUT;
            input_channels(w, a->in + image * in, y, x, v + t * w->cp);
            gradient_channels(w, a->dout + image * out, y, x, p + t * w->kp);
        }
        add_points(w, v, p, d, n, first == 0);
    }
    filter_gradients(w, d, a->sum, a->begins);
}
