using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>Puts before each element the key that a function gives it. Narrow.</summary>
internal sealed class KeyedRdd<TKey, T>(Rdd<T> parent, Func<T, TKey> keySelector, CallSite callSite) : NarrowRdd<T, (TKey Key, T Value)>(parent, callSite)
{
    private protected override bool IsElementWise => true;

    protected override BatchReader<(TKey Key, T Value)> Compute(Partition partition, TaskContext context) =>
        new Reader(Parent.Read(partition, context), keySelector, CallSite, context);

    private sealed class Reader(BatchReader<T> source, Func<T, TKey> keySelector, CallSite callSite, TaskContext context)
        : OperatorReader<T, (TKey Key, T Value)>(source, callSite, context)
    {
        public override ReadOnlySpan<(TKey Key, T Value)> Next()
        {
            var input = Pull();
            var output = Output(input.Length);
            for (var i = 0; i < input.Length;)
            {
                for (var end = Pacer.EndOfRun(i, input.Length); i < end; i++)
                {
                    output[i] = (keySelector(input[i]), input[i]);
                }
            }

            return output;
        }
    }
}
