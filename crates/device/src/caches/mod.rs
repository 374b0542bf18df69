//! Shared caches and stores: is what lies there what it says it is? What is wrong there is
//! carried into the next project.
