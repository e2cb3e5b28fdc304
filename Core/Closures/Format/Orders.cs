using Dpark.Closures.Shapes;

namespace Dpark.Closures.Format;

/// <summary>In which order objects are made: a delegate after what it is bound to, because it cannot be changed later.</summary>
internal static class CreationOrder
{
    public static List<int> Of(GraphWalker walker)
    {
        var nodes = walker.Nodes;
        var order = new List<int>(nodes.Length);
        var delegates = new List<int>();
        for (var i = 0; i < nodes.Length; i++)
        {
            (nodes[i].Shape is DelegateShape or MulticastShape ? delegates : order).Add(i);
        }

        var done = new HashSet<int>(delegates.Count);
        var stack = new Stack<int>();
        foreach (var first in delegates)
        {
            stack.Push(first);
            while (stack.TryPeek(out var number))
            {
                var waiting = false;
                foreach (var bound in BoundDelegates(walker, number))
                {
                    if (!done.Contains(bound))
                    {
                        stack.Push(bound);
                        waiting = true;
                    }
                }

                if (!waiting)
                {
                    stack.Pop();
                    if (done.Add(number))
                    {
                        order.Add(number);
                    }
                }
            }
        }

        return order;
    }

    private static IEnumerable<int> BoundDelegates(GraphWalker walker, int number)
    {
        var (value, parts) = (walker.Nodes[number].Value, walker.Nodes[number].Parts);
        return (parts ?? [((Delegate)value).Target]).OfType<Delegate>().Select(walker.NumberOf);
    }
}

/// <summary>In which order surrogates are put together: what a table holds before the table, because it may hash it.</summary>
internal static class RestoreOrder
{
    public static List<int> Of(GraphWalker walker)
    {
        var tables = new List<int>();
        for (var i = 0; i < walker.Nodes.Length; i++)
        {
            if (walker.Nodes[i] is { Parts: not null, Shape: ObjectShape })
            {
                tables.Add(i);
            }
        }

        return tables.Count < 2 ? tables : PostOrder(walker);
    }

    private static List<int> PostOrder(GraphWalker walker)
    {
        var order = new List<int>();
        var seen = new bool[walker.Nodes.Length];
        var stack = new Stack<(int Node, int[] Children, int Next)>();
        var children = new Children(walker);
        Push(0);
        while (stack.TryPop(out var frame))
        {
            if (frame.Next < frame.Children.Length)
            {
                stack.Push(frame with { Next = frame.Next + 1 });
                Push(frame.Children[frame.Next]);
            }
            else if (walker.Nodes[frame.Node] is { Parts: not null, Shape: ObjectShape })
            {
                order.Add(frame.Node);
            }
        }

        return order;

        void Push(int number)
        {
            if (!seen[number])
            {
                seen[number] = true;
                stack.Push((number, children.Of(number), 0));
            }
        }
    }

    private sealed class Children(GraphWalker walker) : GraphVisitor
    {
        private readonly List<int> _found = [];

        public int[] Of(int number)
        {
            _found.Clear();
            var (value, shape, parts) = (walker.Nodes[number].Value, walker.Nodes[number].Shape, walker.Nodes[number].Parts);
            if (shape is not BroadcastShape)
            {
                shape.Visit(value, this);
                Array.ForEach(parts ?? [], OnReference);
            }

            return [.. _found];
        }

        public override void OnReference(object? value)
        {
            if (value is not null && walker.NumberOf(value) is >= 0 and var number)
            {
                _found.Add(number);
            }
        }

        public override void OnRefused(FieldSlot slot)
        {
        }
    }
}
