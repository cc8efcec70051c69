"""How fast the parts are: one module per subcommand of ``lanedet benchmark``.

Such a module has ``add_arguments(parser)`` and ``run(args)``. Times are taken in
:mod:`lanedet.benchmark.timing`, so that all reports say the same of them.
"""
