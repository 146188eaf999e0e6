"""The page for people at the line: rendered here, live by server-sent events, complete without the internet.

Guarantees: nothing of a code, an order or a device's bytes reaches the page unescaped, nor a check part; no script and
no style stands inside the HTML (`routes.HEADERS`); how many screens are open never changes how long a verdict takes:
they are told at most UPDATES times a second, and rendering happens in threads. A page that hears nothing for three
seconds covers itself (`static/page.js`).

    catalogues  the three languages; `words` everything that is not in a template, `shown` numbers, times and codes
    rendering   Jinja2
    feed        what screens are told while it happens; `fragments` the parts of a page that go with it
    operator    the view at two metres; `desk` the engineer's views, `places` where each stands
    routes      addresses
"""
