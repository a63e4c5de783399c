"""Given names and family names, by region, so that they go together."""

NAMES: dict[str, tuple[str, str]] = {
    "north": (
        (
            "Aarav Aditi Amit Anjali Ankit Arjun Deepak Divya Gaurav Ishita Kavita Manish Meera Mohit Neha "
            "Nikhil Pooja Priya Rahul Rajesh Ritu Rohan Sakshi Sandeep Shreya Simran Sunita Tarun Vikas Vivek"
        ),
        (
            "Agarwal Ahuja Arora Bansal Bhatia Chauhan Chopra Gupta Jain Kapoor Khanna Mehra Mishra Pandey "
            "Rawat Saxena Sharma Singh Srivastava Tiwari Tripathi Verma Yadav"
        ),
    ),
    "punjab": (
        (
            "Amarjit Balwinder Daljit Gurpreet Harjot Harpreet Jaspreet Kiran Kuldeep Manpreet Navjot "
            "Paramjit Rajwinder Sukhdev Tejinder"
        ),
        "Bajwa Bedi Brar Dhaliwal Dhillon Gill Grewal Kaur Mann Randhawa Sandhu Sidhu Sodhi",
    ),
    "west": (
        (
            "Amruta Bhavesh Chirag Darshan Dhruv Falguni Hardik Hetal Jignesh Ketan Mitali Nilesh Parth "
            "Rutuja Sachin Sanika Swapnil Tejas Urvashi Yogesh"
        ),
        (
            "Bhosale Chavan Dave Desai Deshmukh Gaikwad Jadhav Joshi Kadam Kulkarni Mehta Modi Pandya Parmar "
            "Patel Patil Pawar Rane Shah Shinde Solanki Trivedi"
        ),
    ),
    "tamil": (
        (
            "Anbu Aravind Bhuvana Deepika Dinesh Ezhil Gayathri Janani Karthik Kavya Lakshmi Mani Murugan "
            "Nithya Prabhu Revathi Saravanan Selvi Senthil Vignesh"
        ),
        (
            "Annamalai Balasubramanian Chidambaram Ganesan Iyer Krishnan Murugesan Natarajan Palanisamy Raman "
            "Ramasamy Shanmugam Sivakumar Subramanian Sundaram Venkatesan"
        ),
    ),
    "telugu": (
        (
            "Anusha Bhaskar Chaitanya Harika Kalyan Lavanya Madhavi Mahesh Naveen Padma Pavan Ravi Sailaja "
            "Sirisha Sravani Srinivas Swathi Teja Vamsi Venkat"
        ),
        (
            "Akula Bandaru Chowdary Gadde Kolli Konda Mallela Naidu Nimmagadda Pothula Raju Rao Reddy Sastry "
            "Talluri Varma Yarlagadda"
        ),
    ),
    "kannada": (
        (
            "Abhishek Anitha Basavaraj Chandana Girish Kusuma Manjunath Nagaraj Pallavi Prakash Raghavendra "
            "Rashmi Shilpa Shivakumar Sowmya Sudha Sunil Vinay"
        ),
        "Acharya Bhat Gowda Hegde Hiremath Kamath Kini Murthy Nayak Pai Shenoy Shetty Swamy Urs",
    ),
    "malayalam": (
        (
            "Ajith Anju Arya Biju Deepa Fathima Gopika Jithin Jisha Manoj Merin Nandini Rahim Rejitha Sanjay "
            "Sreelekha Suresh Thomas Vinod Zeenath"
        ),
        ("Cherian George Jacob Kurian Kurup Mathew Menon Mohammed Nair Namboothiri Panicker Pillai Thampi Varghese"),
    ),
    "east": (
        (
            "Abhijit Ananya Arindam Bidisha Debashis Dola Indrani Kaushik Moumita Partha Rupa Sandip Sharmila "
            "Sourav Subhashree Sudip Tanushree Trisha"
        ),
        (
            "Banerjee Barua Basu Bhattacharya Bora Chakraborty Chatterjee Das Dutta Ghosh Goswami Kalita "
            "Mahapatra Mohanty Mukherjee Panda Patnaik Roy Sahoo Sarkar Sen"
        ),
    ),
    "muslim": (
        (
            "Aisha Arif Asif Faisal Farhan Hina Imran Javed Nadia Nasreen Rashid Rehana Saba Salman Sana "
            "Shabnam Shahid Yasmin Zaheer Zoya"
        ),
        "Ahmed Ansari Hussain Khan Malik Mirza Pathan Qureshi Rizvi Sayyed Shaikh Siddiqui",
    ),
}
