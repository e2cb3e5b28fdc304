namespace Orleans.Runtime;

/// <summary>The requests that wait for an activation, in the order of their arrival. Taking the first is cheap, however long it is. Not thread-safe.</summary>
internal sealed class RequestQueue
{
    private readonly List<Message> _messages = [];
    private int _head;

    public int Count => _messages.Count - _head;

    /// <summary>Whether requests wait that may start before those ahead of them.</summary>
    public bool MayOvertake { get; private set; }

    public Message this[int index] => _messages[_head + index];

    public void Add(Message message)
    {
        MayOvertake |= message.IsAlwaysInterleave || message.IsReadOnly || message.ReentrancyId != Guid.Empty;
        _messages.Add(message);
    }

    public void RemoveAt(int index)
    {
        if (index > 0)
        {
            _messages.RemoveAt(_head + index);
            return;
        }

        _messages[_head++] = null!;
        if (_head == _messages.Count)
        {
            _messages.Clear();
            _head = 0;
            MayOvertake = false;
        }
        else if (_head >= 32 && _head > _messages.Count / 2)
        {
            _messages.RemoveRange(0, _head);
            _head = 0;
        }
    }

    /// <summary>Removes a request of a sender; null if it is not here.</summary>
    public Message? Remove(GrainId sender, long id)
    {
        for (var i = 0; i < Count; i++)
        {
            var message = this[i];
            if (message.Id == id && message.SendingGrain == sender)
            {
                RemoveAt(i);
                return message;
            }
        }

        return null;
    }

    public List<Message> ToList() => _messages[_head..];
}
