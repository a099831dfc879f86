// Windows without a screen, for VTK before 9.4 as Debian builds it: without EGL and without OSMesa.
//
// VTK calls abort() if it must open an X display and cannot, so a display is opened here first to see. Before that,
// Mesa's surfaceless EGL platform is tried: it needs no display at all and, being software, draws the same picture on
// every machine. libEGL and libX11 are opened at run time, so that `viz` starts where they are not installed.
// SPDX-License-Identifier: MIT
#include "viz/vtk_window.hxx"

#include <vtkCallbackCommand.h>
#include <vtkGenericOpenGLRenderWindow.h>
#include <vtkNew.h>

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <dlfcn.h>

#define GLEW_OK                   0u
#define GLEW_ERROR_NO_GLX_DISPLAY 4u

// Debian's GLEW is built for GLX: without an X display its glewInit loads every entry point of OpenGL and then
// complains, and VTK gives up. This definition in the program is found before GLEW's.
extern "C" __attribute__((visibility("default"))) unsigned glewInit(void)
{
    const auto real = reinterpret_cast<unsigned (*)()>(dlsym(RTLD_NEXT, "glewInit"));
    const unsigned rc = real == nullptr ? GLEW_ERROR_NO_GLX_DISPLAY : real();
    return real != nullptr && rc == GLEW_ERROR_NO_GLX_DISPLAY ? GLEW_OK : rc;
}

namespace
{

// The functions of libEGL that are used, and one context for the process.
struct Egl {
    EGLDisplay display = EGL_NO_DISPLAY;
    EGLContext context = EGL_NO_CONTEXT;
    decltype(&eglMakeCurrent) make_current = nullptr;

    bool open();
    void enter() const
    {
        make_current(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context);
    }
};

template <class F> bool find(void *library, const char *name, F &out)
{
    out = reinterpret_cast<F>(dlsym(library, name));
    return out != nullptr;
}

bool Egl::open()
{
    static const EGLint config_wanted[] = {EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT,
                                           EGL_NONE};
    static const EGLint context_wanted[] = {
        EGL_CONTEXT_MAJOR_VERSION,           3,       EGL_CONTEXT_MINOR_VERSION, 2, EGL_CONTEXT_OPENGL_PROFILE_MASK,
        EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT, EGL_NONE};
    decltype(&eglGetProcAddress) address;
    decltype(&eglInitialize) initialize;
    decltype(&eglBindAPI) bind;
    decltype(&eglChooseConfig) choose;
    decltype(&eglCreateContext) create;

    void *lib = dlopen("libEGL.so.1", RTLD_NOW | RTLD_LOCAL);
    if (lib == nullptr || !find(lib, "eglGetProcAddress", address) || !find(lib, "eglInitialize", initialize) ||
        !find(lib, "eglBindAPI", bind) || !find(lib, "eglChooseConfig", choose) ||
        !find(lib, "eglCreateContext", create) || !find(lib, "eglMakeCurrent", make_current))
        return false;
    const auto platform = reinterpret_cast<PFNEGLGETPLATFORMDISPLAYEXTPROC>(address("eglGetPlatformDisplayEXT"));
    if (platform == nullptr)
        return false;
    display = platform(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, nullptr);
    EGLConfig config;
    EGLint n = 0;
    if (display == EGL_NO_DISPLAY || !initialize(display, nullptr, nullptr) || !bind(EGL_OPENGL_API) ||
        !choose(display, config_wanted, &config, 1, &n) || n < 1)
        return false;
    context = create(display, config, EGL_NO_CONTEXT, context_wanted);
    return context != EGL_NO_CONTEXT && make_current(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context);
}

bool display_opens()
{
    void *(*open)(const char *);
    int (*close)(void *);
    void *lib = dlopen("libX11.so.6", RTLD_NOW | RTLD_LOCAL);

    if (lib == nullptr || !find(lib, "XOpenDisplay", open) || !find(lib, "XCloseDisplay", close))
        return false;
    void *display = open(nullptr);
    if (display != nullptr)
        close(display);
    return display != nullptr;
}

const Egl *egl()
{
    static Egl instance;
    static const bool opened = instance.open();
    return opened ? &instance : nullptr;
}

void enter_context(vtkObject *, unsigned long, void *, void *)
{
    egl()->enter();
}

void say_yes(vtkObject *, unsigned long, void *, void *answer)
{
    *static_cast<int *>(answer) = 1;
}

vtkSmartPointer<vtkRenderWindow> egl_window()
{
    vtkNew<vtkGenericOpenGLRenderWindow> window;
    vtkNew<vtkCallbackCommand> enter, yes;
    enter->SetCallback(enter_context);
    yes->SetCallback(say_yes);
    window->AddObserver(vtkCommand::WindowMakeCurrentEvent, enter);
    window->AddObserver(vtkCommand::WindowIsCurrentEvent, yes);
    window->AddObserver(vtkCommand::WindowSupportsOpenGLEvent, yes);
    window->SetReadyForRendering(true);
    window->SetMapped(1);
    window->SetIsCurrent(true);
    window->SetFrameBlitModeToNoBlit();
    return window.Get();
}

} // namespace

lsc_status viz_window_new(int width, int height, vtkSmartPointer<vtkRenderWindow> &out)
{
    vtkSmartPointer<vtkRenderWindow> window;

    if (egl() != nullptr)
        window = egl_window();
    else if (display_opens())
        window = vtkSmartPointer<vtkRenderWindow>::New();
    else
        return lsc_fail(LSC_ERR_ABSENT, "PNG needs libegl1 + libgl1-mesa-dri, or run under xvfb-run");
    window->SetOffScreenRendering(1);
    window->SetMultiSamples(0); // the picture is drawn larger and averaged
    window->SetDPI(72);
    window->SetSize(width, height);
    out = window;
    return LSC_OK;
}
