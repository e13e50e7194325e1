# What the layers are built for: LAMBDA_RUNTIME and LAMBDA_ARCHITECTURE, which default as the template's parameters do.
# LAMBDA_INTERPRETER instead names a Python of this machine that will run the functions itself, as the local cloud does.

LAMBDA_RUNTIME ?= python3.13
LAMBDA_ARCHITECTURE ?= arm64

# A layer can't be written to when it is used: without bytecode in it, every cold start compiles all that it imports.
# That takes a Python of the target's version; where there is none, the layer does without.
COMPILER := $(or $(LAMBDA_INTERPRETER),$(shell $(LAMBDA_RUNTIME) -c '' 2>/dev/null && echo $(LAMBDA_RUNTIME)))

define finish
	find "$(ARTIFACTS_DIR)" -name __pycache__ -prune -exec rm -rf {} +
	$(if $(COMPILER),"$(COMPILER)" -m compileall -q --invalidation-mode unchecked-hash -s "$(ARTIFACTS_DIR)" -p /opt "$(ARTIFACTS_DIR)/python")
endef
