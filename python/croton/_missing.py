"""Names that Theano has and Croton has not yet, and what is said about them and about names that nobody has."""
from . import _core

NAMES = {
    "croton": """scan_checkpoints function_dump sparse_grad sparse typed_list d3viz
        tests misc gpuarray toolbox opt""",
    "croton.tensor": """real imag angle conj complex complex_from_polar erfinv erfcinv erfcx gamma tri_gamma gammainc gammaincc gammau
        gammal chi2sf j0 j1 jv i0 i1 iv AllocEmpty tri_gamma mgrid ogrid cov bartlett
        choose searchsorted
        bincount fill_diagonal fill_diagonal_offset Unique unravel_index ravel_multi_index CpuContiguous topk
        argtopk topk_and_argtopk load send recv isend irecv extra_ops
        blas blas_c opt signal io xlogx sharedvar_gpu inplace Split Eye Nonzero Tri
        CumOp RepeatOp DiffOp SearchsortedOp
        hashtype advanced_set_subtensor1 advanced_inc_subtensor1 Assert xlogy0 mean_op transpose_inplace""",
    "croton.tensor.nnet": """conv2d conv3d conv2d_transpose conv2d_grad_wrt_inputs conv2d_grad_wrt_weights conv3d_grad_wrt_inputs
        conv3d_grad_wrt_weights separable_conv2d separable_conv3d causal_conv1d bilinear_upsampling frac_bilinear_upsampling
        get_conv_output_shape get_conv_shape_1axis conv conv3d2d abstract_conv corr corr3d sparse_block_dot blocksparse ctc
        unittest_tools""",
    "croton.gradient": "grad_clip grad_scale GradClip GradScale",
    "croton.printing": "pydotprint pydotprint_variables Print PatternPrinter PPrinter",
    "croton.compile": """DebugMode NanGuardMode MonitorMode optdb orig_function FunctionMaker register_deep_copy_op_c_code
        register_view_op_c_code register_shape_c_code register_shape_i_c_code debugmode nanguardmode monitormode""",
    "croton.gof": """FunctionGraph Optimizer LocalOptimizer local_optimizer TopoOptimizer EquilibriumOptimizer SequenceDB Query
        PatternSub OpSub OpRemove MergeOptimizer COp ParamsType EnumList EnumType CEnumType opt toolbox cmodule compilelock cc
        link destroyhandler optdb vm OpenMPOp OpWiseCLinker CLinker PerformLinker Feature ReplaceValidate""",
    "croton.scalar": "upcast_out UnaryScalarOp BinaryScalarOp ScalarOp Composite basic_scipy int_out float_out",
}


def attributes(module, namespace):
    """(__getattr__, __dir__) of a module whose missing names are explained."""
    missing = frozenset(NAMES.get(module, "").split())
    shown = module.replace("croton", "theano", 1)

    def explain(name):
        if name.startswith("__"):
            raise AttributeError("module %r has no attribute %r" % (module, name))
        if name in missing:
            raise AttributeError("%s.%s: Theano has this; Croton does not yet" % (shown, name))
        # Of two names equally near the first one is proposed: functions before classes.
        known = sorted([n for n in namespace if not n.startswith("_")] + list(missing), key=str.swapcase)
        near = _core.nearest_name(name, known)
        raise AttributeError("module %r has no attribute %r%s" % (module, name, ". Did you mean %r?" % near if near else ""))

    return explain, lambda: sorted(n for n in namespace if not n.startswith("_"))
